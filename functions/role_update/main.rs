//! The Lambda function `role-update`: `PATCH /roles/{id}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::role_update::handler).await
}
