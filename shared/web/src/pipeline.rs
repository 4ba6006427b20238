//! A request from top to bottom, from the gateway's event to the answer:
//!
//! 1. **Event in.** The runtime hands over an event. [`edge`](crate::edge) decides which address it comes from.
//! 2. **Route and format.** [`Incoming`] holds the request. Its own path picks the error format of every failure that follows.
//! 3. **Who calls, and whether they may.** [`admit`] identifies the caller and asks the directory about them.
//! 4. **Limit of calls.** [`admit`] takes a token from the caller's bucket at the same time.
//! 5. **Inputs and handler.** [`handle`] checks the query, reads the inputs and runs the handler.
//! 6. **Answer and log.** A refused change and a failed sign-in are put on record; [`answer`] lays out the answer and logs one line.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join};
use http::{HeaderValue, Response, StatusCode, header};
use lambda_http::{Body, Error, LambdaEvent, service_fn};
use model::time::Timestamp;
use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

use crate::access::{Access, Allowed, Level, Visitor, budget, identify, standing};
use crate::app::App;
use crate::clock::{self, Stopwatch};
use crate::denied_audit;
use crate::edge::Edge;
use crate::error_format::ErrorFormat;
use crate::event::{self, Event};
use crate::failure::Failure;
use crate::headers::{self, Origins};
use crate::incoming::Incoming;
use crate::input::{Input, query};
use crate::reply::Reply;
use crate::settings;
use crate::unrouted::unrouted;

/// Longest time of a request. The function's own timeout of 10 s would end the request in a body of the gateway's: docs/adr/0051.
const LONGEST: Duration = Duration::from_secs(8);

/// A handler at work.
pub(crate) type Answering = BoxFuture<'static, Result<Response<Body>, Failure>>;

/// A handler as a value: what a function, the local gateway and the tests all call.
#[derive(Clone)]
pub struct Endpoint {
    /// Who may call.
    pub level: Level,
    /// The parameters of the query, by name. `None` where the handler takes any.
    pub parameters: Option<Vec<&'static str>>,
    pub(crate) call: Arc<dyn Fn(App, Arc<Incoming>) -> Answering + Send + Sync>,
}

// 1. Event in.

/// Serves an endpoint from the Lambda runtime until the environment ends.
pub(crate) async fn serve(endpoint: Endpoint) -> Result<(), Error> {
    let app = App::from_env()?;
    // Public operations verify no token, so they need no keys.
    if endpoint.level != Level::Anyone {
        app.warm_up().await;
    }
    run(move |event| {
        let (endpoint, app) = (endpoint.clone(), app.clone());
        Box::pin(async move { endpoint.respond(&app, event).await })
    })
    .await
}

/// Serves a handler that needs no [`App`], as [`serve`] does.
pub(crate) async fn serve_alone(
    call: impl Fn() -> Answering + Clone + Send + Sync + 'static,
) -> Result<(), Error> {
    let origins = Arc::new(settings::origins_from_env()?);
    run(move |event| {
        let (call, origins) = (call.clone(), Arc::clone(&origins));
        Box::pin(async move { respond_alone(call, &origins, event).await })
    })
    .await
}

async fn run(respond: impl Fn(Event) -> BoxFuture<'static, Response<Body>>) -> Result<(), Error> {
    let handler = |event: LambdaEvent<Event>| {
        let answering = respond(event.payload);
        let answer = async move { Ok(event::encode(answering.await)) };
        Box::pin(answer) as BoxFuture<'static, Result<_, Infallible>>
    };
    lambda_runtime::run(service_fn(handler)).await
}

// 2. Route and format.

impl Endpoint {
    /// Answers a request. Whatever happens, the answer has the error format of the path and the request's id, and the log has one line.
    pub async fn respond(&self, app: &App, event: Event) -> Response<Body> {
        let (watch, app) = (Stopwatch::start(), app.at_request());
        let deadline = deadline();
        let edge = app.edge().of(&event.headers, app.now).await;
        let request = Arc::new(Incoming::new(event, &edge));
        let endpoint = if request.is_beyond_its_route() { &Self::unrouted() } else { self };
        let call = || (endpoint.call)(app.clone(), Arc::clone(&request));
        let outcome = guarded(&request, app.origins(), deadline, call).await;
        if let Err(failure) = &outcome {
            // In a box of its own, because failures are rare and the future of every request would grow.
            Box::pin(record(&app, &request, endpoint.level, failure, deadline)).await;
        }
        answer(outcome, &request, app.now, app.origins(), watch)
    }

    /// Answers a path that is longer than its route, as `$default` does.
    fn unrouted() -> Self {
        let call = |app, request| -> Answering {
            let run = |app, caller, (request,)| unrouted(app, caller, request);
            Box::pin(handle::<Visitor, (Arc<Incoming>,), _, _>(app, request, run))
        };
        Self { level: Level::Visitor, parameters: None, call: Arc::new(call) }
    }
}

/// Answers a request that needs no [`App`], as [`Endpoint::respond`] does.
async fn respond_alone(call: impl FnOnce() -> Answering, origins: &Origins, event: Event) -> Response<Body> {
    let (watch, now) = (Stopwatch::start(), clock::now());
    let request = Incoming::new(event, &Edge::default());
    let outcome = guarded(&request, origins, deadline(), call).await;
    answer(outcome, &request, now, origins, watch)
}

/// When a request that arrives now must be answered.
fn deadline() -> Instant {
    Instant::now() + LONGEST
}

/// Answers a browser's preflight, refuses a request that is too large, and otherwise runs the handler until the deadline.
///
/// At the deadline the handler is dropped where it waits. What it has written stays, so 503 leaves open whether the change happened.
async fn guarded(
    request: &Incoming,
    origins: &Origins,
    deadline: Instant,
    call: impl FnOnce() -> Answering,
) -> Result<Response<Body>, Failure> {
    if let Some(response) = headers::preflight(request, origins) {
        return Ok(response);
    }
    request.check_size()?;
    let running = timeout_at(deadline, AssertUnwindSafe(call()).catch_unwind()).await;
    let running = running.unwrap_or_else(|_| Ok(Err(Failure::unavailable("the deadline has passed"))));
    running.unwrap_or_else(|_| Err(Failure::internal("a handler panicked")))
}

// 3. Who calls, and whether they may. 4. Limit of calls.

/// Admits a caller to an access level.
///
/// # Errors
/// First 403 for an unknown address, and 429 for an API key from an address over its limit. Then 401, 403, and the caller's own 429. For an
/// admitted caller 400 for an invalid `Idempotency-Key`. At any point 503 and 500.
pub async fn admit<A: Access>(app: &App, request: &Incoming) -> Result<A, Failure> {
    // Public operations are cheap, so they are not rate limited.
    if let Some(level) = A::without_caller() {
        return Ok(level);
    }
    request.check_source()?;
    let caller = match identify(app, request).await {
        Ok(caller) => caller,
        // The address is over its limit, so the API key was not looked up.
        Err(failure @ Failure::TooManyRequests { .. }) => return Err(failure),
        Err(failure) => {
            let limit = budget::pay(app, request, Some(&failure)).await;
            return limit_before(limit, Some(&failure)).map_or_else(|| A::turned_away(failure), Err);
        }
    };
    // The directory and the bucket are asked at the same time, so that a request waits for one call.
    let (standing, limit) = join(standing::check(app, &caller), budget::pay(app, request, None)).await;
    // The right is checked first. A failed call cannot hide its 403.
    let admitted = A::allows(&caller).and(standing);
    if let Some(failure) = limit_before(limit, admitted.as_ref().err()) {
        return Err(failure);
    }
    match admitted {
        Ok(read) => {
            if A::LEVEL != Level::Visitor {
                caller.record_use(app, request).await;
            }
            A::admitted(Allowed { caller, read }, request)
        }
        Err(failure) => A::turned_away(failure),
    }
}

/// The failure of step 4, if it wins over that of step 3.
fn limit_before(limit: Option<Failure>, refused: Option<&Failure>) -> Option<Failure> {
    let limit = limit?;
    let is_out_of_reach = matches!(limit, Failure::Unavailable(_) | Failure::Internal(_));
    match refused {
        // 403 comes before 429 and 503.
        Some(refused) if refused.status() == StatusCode::FORBIDDEN => None,
        // 401 comes before 503, and after 429.
        Some(Failure::Unauthenticated(_)) if is_out_of_reach => None,
        Some(Failure::Unavailable(_) | Failure::Internal(_)) => None,
        _ => Some(limit),
    }
}

// 5. Inputs and handler.

/// Admits the caller, then checks the query, reads the inputs and runs the handler.
pub(crate) async fn handle<Caller: Access, Inputs: Input, Running, Replied: Reply>(
    app: App,
    request: Arc<Incoming>,
    handler: impl FnOnce(App, Caller, Inputs) -> Running + Send,
) -> Result<Response<Body>, Failure>
where
    Running: Future<Output = Result<Replied, Failure>> + Send,
{
    let caller = admit::<Caller>(&app, &request).await?;
    query::check::<Inputs>(&request)?;
    let inputs = Inputs::read(&request)?;
    handler(app, caller, inputs).await?.into_response()
}

// 6. Answer and log.

/// Puts on record what a security team looks for: a change that was refused with 403, and a failed sign-in.
async fn record(app: &App, request: &Incoming, level: Level, failure: &Failure, deadline: Instant) {
    // Rate-limited requests are not written to the audit log. Nor are those without a route, which change nothing.
    let is_over_limit = request.is_over_limit.get().is_some();
    if failure.status() == StatusCode::FORBIDDEN && !is_over_limit && level != Level::Visitor {
        denied_audit::record_denied(app, request, deadline).await;
    }
    denied_audit::count_failed_sign_in(app, request, failure, deadline).await;
}

/// Lays out the answer, adds the headers of every answer, and logs the request.
fn answer(
    outcome: Result<Response<Body>, Failure>,
    request: &Incoming,
    now: Timestamp,
    origins: &Origins,
    watch: Stopwatch,
) -> Response<Body> {
    let cause = outcome.as_ref().err().and_then(Failure::for_log);
    let mut response = outcome.unwrap_or_else(|failure| {
        ErrorFormat::of(&request.own_path).render(&failure, &request.sent_path(), now)
    });
    if let Ok(id) = HeaderValue::from_str(&request.request_id) {
        response.headers_mut().insert("x-request-id", id);
    }
    headers::complete(response.headers_mut(), request, origins);
    if request.method == "HEAD" {
        leave_out_body(&mut response);
    }
    log(request, &response, cause.as_deref(), watch.millis());
    response
}

/// The answer to a `HEAD` names the length of the body that it leaves out (RFC 9110 §9.3.2, §8.6). A gateway may remove that header.
fn leave_out_body(response: &mut Response<Body>) {
    let body = std::mem::take(response.body_mut());
    let length = HeaderValue::from(body.len());
    let _ = response.headers_mut().insert(header::CONTENT_LENGTH, length);
}

/// Logs one line for each request. It never holds a token, a body, an email or an address.
fn log(request: &Incoming, response: &Response<Body>, cause: Option<&str>, millis: u64) {
    let status = response.status().as_u16();
    let principal = request.principal.get();
    let (org, user) = (principal.map(|p| p.org.as_str()), principal.map(|p| p.user.as_str()));
    // The path is logged as it was sent. A decoded line end would let a caller forge a line.
    let (id, method, path) = (&request.request_id, &request.method, request.sent_path());
    if status >= 500 {
        tracing::error!(request.id = %id, %method, %path, status, millis, org, user, cause, "request failed");
    } else {
        tracing::info!(request.id = %id, %method, %path, status, millis, org, user, cause, "request");
    }
}
