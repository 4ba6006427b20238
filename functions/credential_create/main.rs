//! The Lambda function `credential-create`: `POST /credentials/`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::credential_create::handler).await
}
