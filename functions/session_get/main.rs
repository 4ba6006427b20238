//! The Lambda function `session-get`: `GET /sessions/{id}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::session_get::handler).await
}
