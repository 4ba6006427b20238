//! The Lambda function `fallback`: every path and method that no other function has.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::fallback::handler).await
}
