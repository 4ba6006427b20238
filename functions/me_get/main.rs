//! The Lambda function `me-get`: `GET /me`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::me_get::handler).await
}
