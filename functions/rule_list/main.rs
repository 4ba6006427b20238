//! The Lambda function `rule-list`: `GET /rules`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::rule_list::handler).await
}
