//! The Lambda function `user-update`: `PATCH /users/{id}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::user_update::handler).await
}
