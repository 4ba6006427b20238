//! The Lambda function `resource-create`: `POST /resources`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::resource_create::handler).await
}
