//! The Lambda function `health`: `GET /health`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::health::handler).await
}
