//! The Lambda function `api-key-list`: `GET /api-keys`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::api_key_list::handler).await
}
