//! The Lambda function `user-delete`: `DELETE /users/{id}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::user_delete::handler).await
}
