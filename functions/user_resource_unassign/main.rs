//! The Lambda function `user-resource-unassign`: `DELETE /users/{id}/resources/{resourceId}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::user_resource_unassign::handler).await
}
