//! The Lambda function `user-list`: `GET /users`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::user_list::handler).await
}
