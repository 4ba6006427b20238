//! The Lambda function `openapi-get`: `GET /openapi.json`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::openapi_get::handler).await
}
