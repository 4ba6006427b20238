//! The Lambda function `user-get`: `GET /users/{id}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::user_get::handler).await
}
