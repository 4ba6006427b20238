//! The Lambda function `credential-update`: `PUT /credentials/{id}/`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::credential_update::handler).await
}
