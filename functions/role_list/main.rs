//! The Lambda function `role-list`: `GET /roles`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), web::Error> {
    web::serve(functions::role_list::handler).await
}
