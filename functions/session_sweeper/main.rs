//! The Lambda function `session-sweeper`: each minute.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve_worker(functions::session_sweeper::worker()).await
}
