//! The main function of every HTTP function.

use futures_util::future::BoxFuture;
use lambda_http::request::LambdaRequest;
use lambda_http::{Error, LambdaEvent, service_fn};
use std::convert::Infallible;

use crate::access::Level;
use crate::app::App;
use crate::endpoint::{Endpoint, Handler};
use crate::event;
use crate::log;
use crate::settings::LogSettings;

/// Serves a handler from the Lambda runtime until the environment ends.
///
/// # Errors
/// When the function is not configured, or the runtime's API is out of reach.
pub async fn serve<Args, H: Handler<Args>>(handler: H) -> Result<(), Error> {
    serve_endpoint(Endpoint::new(handler)).await
}

async fn serve_endpoint(endpoint: Endpoint) -> Result<(), Error> {
    log::begin(LogSettings::from_env());
    let app = App::from_env()?;
    // Whoever asks nobody who they are needs no keys.
    if endpoint.level != Level::Anyone {
        app.warm_up().await;
    }
    let handler = move |event: LambdaEvent<LambdaRequest>| {
        let (endpoint, app) = (endpoint.clone(), app.clone());
        let request = event::harmless(event.payload).into();
        let answer = async move { Ok(event::encode(endpoint.respond(&app, request).await)) };
        Box::pin(answer) as BoxFuture<'static, Result<_, Infallible>>
    };
    lambda_runtime::run(service_fn(handler)).await
}
