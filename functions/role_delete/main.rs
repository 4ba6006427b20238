//! The Lambda function `role-delete`: `DELETE /roles/{id}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::role_delete::handler).await
}
