//! The Lambda function `role-resource-unassign`: `DELETE /roles/{id}/resources/{resourceId}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::role_resource_unassign::handler).await
}
