//! Handlers as values: what a function, the local gateway and the tests all call.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, LocalBoxFuture};
use http::{HeaderValue, Response, StatusCode, header};
use lambda_http::{Body, Error};
use model::time::Timestamp;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

use crate::access::{self, Access, Anyone, Level};
use crate::app::App;
use crate::clock::{self, Stopwatch};
use crate::denied_audit;
use crate::edge::Edge;
use crate::error_format::ErrorFormat;
use crate::event::Event;
use crate::failure::Failure;
use crate::headers::{self, Origins};
use crate::incoming::Incoming;
use crate::input::{Input, query};
use crate::reply::Reply;
use crate::serve;
use crate::unrouted::unrouted;

/// An asynchronous function whose arguments are the [`App`], an access level and up to three inputs, and whose
/// result is a reply or a [`Failure`]; or one whose only argument is [`Anyone`], which answers everybody the same: its function reads
/// no settings of a table or of tokens, makes no client, and links none.
///
/// These handlers compile:
///
/// ```
/// use web::{App, Endpoint, Failure, access::OrgAdmin, reply::NoContent};
///
/// async fn handler(app: App, caller: OrgAdmin) -> Result<NoContent, Failure> {
///     Ok(NoContent)
/// }
/// Endpoint::new(handler);
/// ```
///
/// ```
/// use web::{Endpoint, Failure, access::Anyone, reply::NoContent};
///
/// async fn handler(_: Anyone) -> Result<NoContent, Failure> {
///     Ok(NoContent)
/// }
/// Endpoint::new(handler);
/// ```
///
/// Without an access level they do not:
///
/// ```compile_fail
/// use web::{App, Endpoint, Failure, reply::NoContent};
///
/// async fn handler(app: App) -> Result<NoContent, Failure> {
///     Ok(NoContent)
/// }
/// Endpoint::new(handler);
/// ```
///
/// An input in the level's place does not do either:
///
/// ```compile_fail
/// use model::id::ResourceId;
/// use web::{App, Endpoint, Failure, input::Path, reply::NoContent};
///
/// async fn handler(app: App, id: Path<ResourceId>) -> Result<NoContent, Failure> {
///     Ok(NoContent)
/// }
/// Endpoint::new(handler);
/// ```
///
/// And nobody outside this crate can make a level, or add one:
///
/// ```compile_fail
/// let caller = web::access::Anyone(());
/// ```
#[diagnostic::on_unimplemented(
    message = "this function is not a handler",
    label = "a handler takes `App`, an access level, and inputs",
    note = "the second argument must say who may call: `OrgAdmin`, `AdminOrKey`, `Member`, `MemberOrKey`, `Visitor` or `Anyone`"
)]
pub trait Handler<Args>: Clone + Send + Sync + 'static {
    /// Who may call.
    const LEVEL: Level;

    /// The parameters of its query; none where it takes any, because its answer does not depend on them.
    fn parameters() -> Option<Vec<&'static str>>;

    /// Admits the caller, reads the inputs, runs the function.
    fn call(self, app: App, request: Arc<Incoming>) -> Answering;

    /// Serves the function from the Lambda runtime: [`serve`](crate::serve()).
    fn serve(self) -> LocalBoxFuture<'static, Result<(), Error>>;
}

/// A handler at work.
pub(crate) type Answering = BoxFuture<'static, Result<Response<Body>, Failure>>;

macro_rules! handler {
    ($($input:ident),*) => {
        impl<F, Running, Replied, Caller, $($input),*> Handler<(Caller, $($input,)*)> for F
        where
            F: Fn(App, Caller, $($input),*) -> Running + Clone + Send + Sync + 'static,
            Running: Future<Output = Result<Replied, Failure>> + Send + 'static,
            Replied: Reply,
            Caller: Access,
            $($input: Input,)*
        {
            const LEVEL: Level = Caller::LEVEL;

            fn parameters() -> Option<Vec<&'static str>> {
                let takes_any = false $(|| $input::TAKES_ANY_QUERY)*;
                let lists: &[Vec<&'static str>] = &[$($input::parameters()),*];
                (!takes_any).then(|| lists.concat())
            }

            fn call(self, app: App, request: Arc<Incoming>) -> Answering {
                Box::pin(async move {
                    let caller = access::enter::<Caller>(&app, &request).await?;
                    query::check(&request, <F as Handler<(Caller, $($input,)*)>>::parameters)?;
                    self(app, caller, $($input::read(&request)?),*).await?.into_response()
                })
            }

            fn serve(self) -> LocalBoxFuture<'static, Result<(), Error>> {
                Box::pin(serve::with_app(Endpoint::new(self)))
            }
        }
    };
}

handler!();
handler!(First);
handler!(First, Second);
handler!(First, Second, Third);

impl<F, Running, Replied> Handler<Anyone> for F
where
    F: Fn(Anyone) -> Running + Clone + Send + Sync + 'static,
    Running: Future<Output = Result<Replied, Failure>> + Send + 'static,
    Replied: Reply,
{
    const LEVEL: Level = Level::Anyone;

    fn parameters() -> Option<Vec<&'static str>> {
        None
    }

    fn call(self, _: App, _: Arc<Incoming>) -> Answering {
        alone(self)
    }

    fn serve(self) -> LocalBoxFuture<'static, Result<(), Error>> {
        Box::pin(serve::alone(move || alone(self.clone())))
    }
}

/// Runs a handler that takes nothing but its level.
fn alone<Running, Replied: Reply>(handler: impl FnOnce(Anyone) -> Running + Send + 'static) -> Answering
where
    Running: Future<Output = Result<Replied, Failure>> + Send + 'static,
{
    Box::pin(async move { handler(Anyone::new()).await?.into_response() })
}

type Erased = Arc<dyn Fn(App, Arc<Incoming>) -> Answering + Send + Sync>;

/// A handler whose type is erased, so that everything around it is compiled once and not once per function.
#[derive(Clone)]
pub struct Endpoint {
    /// Who may call.
    pub level: Level,
    /// The parameters of the query, by name; none where any is taken.
    pub parameters: Option<Vec<&'static str>>,
    call: Erased,
}

impl Endpoint {
    /// Erases a handler.
    pub fn new<Args, H: Handler<Args>>(handler: H) -> Self {
        let call = Arc::new(move |app, request| handler.clone().call(app, request));
        Self { level: H::LEVEL, parameters: H::parameters(), call }
    }

    /// Answers a request; one that its route took by mistake as the `$default` route would. Whatever happens, the answer has the format
    /// of the path and the request's id, and there is one line in the log.
    pub async fn respond(&self, app: &App, event: Event) -> Response<Body> {
        let (watch, app) = (Stopwatch::start(), app.at_request());
        let deadline = deadline();
        let edge = app.edge().of(&event.headers, app.now).await;
        let request = Arc::new(Incoming::new(event, &edge));
        let unrouted = request.is_beyond_its_route().then(|| Self::new(unrouted));
        let answering = unrouted.as_ref().unwrap_or(self);
        let call = || (answering.call)(app.clone(), Arc::clone(&request));
        let outcome = guarded(&request, app.origins(), deadline, call).await;
        let is_refused = matches!(&outcome, Err(failure) if failure.status() == StatusCode::FORBIDDEN);
        // Whoever asks too often does not fill the record, and where no route matches nothing would have been changed.
        if is_refused && request.is_over_limit.get().is_none() && answering.level != Level::Visitor {
            denied_audit::record_denied(&app, &request, deadline).await;
        }
        if let Err(failure) = &outcome {
            denied_audit::count_failed_sign_in(&app, &request, failure, deadline).await;
        }
        answer(outcome, &request, app.now, app.origins(), watch)
    }
}

/// Answers a request that the handler alone can answer, as [`Endpoint::respond`] does.
pub(crate) async fn respond_alone(
    call: impl FnOnce() -> Answering,
    origins: &Origins,
    event: Event,
) -> Response<Body> {
    let (watch, now) = (Stopwatch::start(), clock::now());
    let request = Incoming::new(event, &Edge::default());
    let outcome = guarded(&request, origins, deadline(), call).await;
    answer(outcome, &request, now, origins, watch)
}

/// Longest time of a request. Attempts and pauses of several operations add up, and a function that its own timeout of 10 s ends is
/// answered by the gateway, in a body of its own: docs/adr/0051.
const LONGEST: Duration = Duration::from_secs(8);

/// When a request that comes now has to be answered.
fn deadline() -> Instant {
    Instant::now() + LONGEST
}

/// What comes before every handler, and what its panic becomes, or that it is late. A handler is then dropped where it waits: what it
/// has written stands, as if the function had ended there, and 503 leaves open whether the change happened.
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

/// What comes after every handler.
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

/// The answer to a `HEAD` says how long the body is that it leaves out (RFC 9110 §9.3.2, §8.6). A gateway may take that header away.
fn leave_out_body(response: &mut Response<Body>) {
    let body = std::mem::take(response.body_mut());
    let length = HeaderValue::from(body.len());
    let _ = response.headers_mut().insert(header::CONTENT_LENGTH, length);
}

/// One line for each request: never a token, a body, an e-mail or an address.
fn log(request: &Incoming, response: &Response<Body>, cause: Option<&str>, millis: u64) {
    let status = response.status().as_u16();
    let principal = request.principal.get();
    let (org, user) = (principal.map(|p| p.org.as_str()), principal.map(|p| p.user.as_str()));
    // As it was sent: a decoded line end would begin a line that anybody could write.
    let (id, method, path) = (&request.request_id, &request.method, request.sent_path());
    if status >= 500 {
        tracing::error!(request.id = %id, %method, %path, status, millis, org, user, cause, "request failed");
    } else {
        tracing::info!(request.id = %id, %method, %path, status, millis, org, user, cause, "request");
    }
}
