//! The Lambda function `session-admin-stop`: `POST /sessions/admin/{id}/stop`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::session_admin_stop::handler).await
}
