//! The Lambda function `resource-update`: `PATCH /resources/{id}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::resource_update::handler).await
}
