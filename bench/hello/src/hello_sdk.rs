//! The floor of a function that builds a client of DynamoDB, as the SDK's own guide does it, and calls nothing.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use lambda_http::{Body, Error, Request, Response, run, service_fn, tracing};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let client = Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await);
    let client = &client;
    run(service_fn(move |_request: Request| hello(client))).await
}

async fn hello(client: &Client) -> Result<Response<Body>, Error> {
    let region = client.config().region().map_or("nowhere", AsRef::as_ref);
    Ok(Response::builder().status(204).header("x-region", region).body(Body::Empty)?)
}
