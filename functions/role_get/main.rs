//! The Lambda function `role-get`: `GET /roles/{id}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::role_get::handler).await
}
