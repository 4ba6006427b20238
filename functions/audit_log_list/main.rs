//! The Lambda function `audit-log-list`: `GET /audit-logs`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::audit_log_list::handler).await
}
