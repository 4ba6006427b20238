//! The Lambda function `user-create`: `POST /users`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::user_create::handler).await
}
