//! The Lambda function `api-key-revoke`: `DELETE /api-keys/{id}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::api_key_revoke::handler).await
}
