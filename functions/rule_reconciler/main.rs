//! The Lambda function `rule-reconciler`: each hour.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve_worker(functions::rule_reconciler::worker()).await
}
