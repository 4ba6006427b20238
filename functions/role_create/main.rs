//! The Lambda function `role-create`: `POST /roles`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::role_create::handler).await
}
