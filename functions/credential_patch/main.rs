//! The Lambda function `credential-patch`: `PATCH /credentials/{id}/`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::credential_patch::handler).await
}
