//! The Lambda function `session-ender`: messages of the queue of timers.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve_worker(functions::session_ender::worker()).await
}
