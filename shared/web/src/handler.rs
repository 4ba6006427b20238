//! Handlers: asynchronous functions whose signature says who may call and what they read.

use futures_util::future::LocalBoxFuture;
use lambda_http::Error;
use std::future::Future;
use std::sync::Arc;

use crate::access::{Access, Anyone, Level};
use crate::app::App;
use crate::failure::Failure;
use crate::incoming::Incoming;
use crate::input::Input;
use crate::log;
use crate::pipeline::{self, Answering, Endpoint};
use crate::reply::Reply;
use crate::settings::LogSettings;

/// An asynchronous function that takes the [`App`], an access level and up to three inputs, and returns a reply or a [`Failure`].
///
/// A function that takes [`Anyone`] alone is a handler too. It needs no table and no tokens, so its binary reads no settings for them,
/// makes no client and links none.
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
/// A function without an access level does not compile:
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
/// Nor does one with an input in the place of the access level:
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
/// Code outside this crate cannot make a value of a level:
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

    /// The parameters of the query. `None` where the handler takes any.
    fn parameters() -> Option<Vec<&'static str>>;

    /// Runs steps 3 to 5 of `pipeline.rs`.
    fn call(self, app: App, request: Arc<Incoming>) -> Answering;

    /// Serves the handler from the Lambda runtime.
    fn serve(self) -> LocalBoxFuture<'static, Result<(), Error>>;
}

macro_rules! handler {
    ($($input:ident),*) => {
        impl<F, Running, Replied, Caller, $($input),*> Handler<(Caller, $($input,)*)> for F
        where
            F: Fn(App, Caller, $($input),*) -> Running + Clone + Send + Sync + 'static,
            Running: Future<Output = Result<Replied, Failure>> + Send + 'static,
            Replied: Reply + 'static,
            Caller: Access,
            $($input: Input,)*
        {
            const LEVEL: Level = Caller::LEVEL;

            fn parameters() -> Option<Vec<&'static str>> {
                let takes_any = <($($input,)*) as Input>::TAKES_ANY_QUERY;
                (!takes_any).then(<($($input,)*) as Input>::parameters)
            }

            #[allow(non_snake_case, reason = "an input has the name of its type")]
            fn call(self, app: App, request: Arc<Incoming>) -> Answering {
                let run = move |app, caller, ($($input,)*)| self(app, caller, $($input),*);
                Box::pin(pipeline::handle::<Caller, ($($input,)*), _, _>(app, request, run))
            }

            fn serve(self) -> LocalBoxFuture<'static, Result<(), Error>> {
                Box::pin(pipeline::serve(Endpoint::new(self)))
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
        Box::pin(pipeline::serve_alone(move || alone(self.clone())))
    }
}

fn alone<Running, Replied: Reply>(handler: impl FnOnce(Anyone) -> Running + Send + 'static) -> Answering
where
    Running: Future<Output = Result<Replied, Failure>> + Send + 'static,
{
    Box::pin(async move { handler(Anyone::new()).await?.into_response() })
}

impl Endpoint {
    /// Erases the type of a handler.
    pub fn new<Args, H: Handler<Args>>(handler: H) -> Self {
        let call = Arc::new(move |app, request| handler.clone().call(app, request));
        Self { level: H::LEVEL, parameters: H::parameters(), call }
    }
}

/// The main function of every HTTP function: serves a handler from the Lambda runtime until the environment ends.
///
/// # Errors
/// When a setting is missing or wrong, or the runtime's API cannot be reached.
pub async fn serve<Args, H: Handler<Args>>(handler: H) -> Result<(), Error> {
    log::begin(LogSettings::from_env());
    handler.serve().await
}
