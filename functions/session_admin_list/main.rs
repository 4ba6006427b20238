//! The Lambda function `session-admin-list`: `GET /sessions/admin`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::session_admin_list::handler).await
}
