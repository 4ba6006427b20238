//! The Lambda function `credential-delete`: `DELETE /credentials/{id}/`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::credential_delete::handler).await
}
