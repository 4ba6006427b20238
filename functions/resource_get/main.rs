//! The Lambda function `resource-get`: `GET /resources/{id}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::resource_get::handler).await
}
