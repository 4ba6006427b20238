//! The Lambda function `resource-delete`: `DELETE /resources/{id}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::resource_delete::handler).await
}
