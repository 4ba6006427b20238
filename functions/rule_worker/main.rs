//! The Lambda function `rule-worker`: the table's stream.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve_worker(functions::rule_worker::worker()).await
}
