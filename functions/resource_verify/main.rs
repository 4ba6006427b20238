//! The Lambda function `resource-verify`: `POST /resources/{id}/verify`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::resource_verify::handler).await
}
