//! The Lambda function `rule-resolve`: `POST /rules/{id}/resolve`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::rule_resolve::handler).await
}
