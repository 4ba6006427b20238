//! The Lambda function `role-user-assign`: `POST /roles/{id}/users/{userId}`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::role_user_assign::handler).await
}
