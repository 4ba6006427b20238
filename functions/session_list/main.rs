//! The Lambda function `session-list`: `GET /sessions`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::session_list::handler).await
}
