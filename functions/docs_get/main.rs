//! The Lambda function `docs-get`: `GET /docs`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::docs_get::handler).await
}
