//! The Lambda function `session-stop`: `POST /sessions/{id}/stop`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::session_stop::handler).await
}
