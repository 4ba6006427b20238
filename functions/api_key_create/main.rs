//! The Lambda function `api-key-create`: `POST /api-keys`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::api_key_create::handler).await
}
