//! The Lambda function `resource-list`: `GET /resources`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::resource_list::handler).await
}
