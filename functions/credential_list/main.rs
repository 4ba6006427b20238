//! The Lambda function `credential-list`: `GET /credentials/`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::credential_list::handler).await
}
