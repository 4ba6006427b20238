//! The Lambda function `credential-get`: `GET /credentials/{id}/`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::credential_get::handler).await
}
