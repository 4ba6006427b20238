//! The main function of every HTTP function.

use futures_util::future::BoxFuture;
use http::Response;
use lambda_http::{Body, Error, LambdaEvent, service_fn};
use std::convert::Infallible;
use std::sync::Arc;

use crate::access::Level;
use crate::app::App;
use crate::endpoint::{Answering, Endpoint, Handler, respond_alone};
use crate::event::{self, Event, Payload};
use crate::log;
use crate::settings::{self, LogSettings};

/// Serves a handler from the Lambda runtime until the environment ends.
///
/// # Errors
/// When the function is not configured, or the runtime's API is out of reach.
pub async fn serve<Args, H: Handler<Args>>(handler: H) -> Result<(), Error> {
    log::begin(LogSettings::from_env());
    handler.serve().await
}

/// Serves what works with the table, and asks who calls.
pub(crate) async fn with_app(endpoint: Endpoint) -> Result<(), Error> {
    let app = App::from_env()?;
    // Whoever asks nobody who they are needs no keys.
    if endpoint.level != Level::Anyone {
        app.warm_up().await;
    }
    run(move |request| {
        let (endpoint, app) = (endpoint.clone(), app.clone());
        Box::pin(async move { endpoint.respond(&app, request).await })
    })
    .await
}

/// Serves what answers everybody the same.
pub(crate) async fn alone(call: impl Fn() -> Answering + Clone + Send + Sync + 'static) -> Result<(), Error> {
    let origins = Arc::new(settings::origins_from_env()?);
    run(move |request| {
        let (call, origins) = (call.clone(), Arc::clone(&origins));
        Box::pin(async move { respond_alone(call, &origins, request).await })
    })
    .await
}

async fn run(respond: impl Fn(Event) -> BoxFuture<'static, Response<Body>>) -> Result<(), Error> {
    let handler = |event: LambdaEvent<Payload>| {
        let answering = respond(event.payload.0);
        let answer = async move { Ok(event::encode(answering.await)) };
        Box::pin(answer) as BoxFuture<'static, Result<_, Infallible>>
    };
    lambda_runtime::run(service_fn(handler)).await
}
