//! The Lambda function `rule-retry`: `POST /rules/{id}/retry`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::rule_retry::handler).await
}
