//! The Lambda function `session-start`: `POST /sessions`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::session_start::handler).await
}
