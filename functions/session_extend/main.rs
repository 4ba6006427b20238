//! The Lambda function `session-extend`: `POST /sessions/{id}/extend`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::session_extend::handler).await
}
