//! The Lambda function `role-resource-assign`: `POST /roles/{id}/resources/{resourceId}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::role_resource_assign::handler).await
}
