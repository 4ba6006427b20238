//! From a gateway event to a handler and back.
//!
//! A function is [`serve`]d from its handler alone. The handler's signature is its contract: the second argument is
//! an access level ([`access`]), the further ones are inputs ([`input`]), the result is a reply ([`reply`]) whose type is the
//! status. Everything that can go wrong is a [`Failure`], which the format ([`format`]) of the path renders.

pub mod access;
mod app;
mod aws;
pub mod clock;
mod denied_audit;
mod edge;
mod endpoint;
pub mod error_format;
pub mod event;
mod failure;
mod fetch;
mod headers;
mod incoming;
pub mod input;
mod log;
mod place;
mod rate;
mod reference;
pub mod reply;
mod serve;
mod settings;
mod unrouted;
mod worker;

pub use app::{App, Parts};
pub use denied_audit::record_refused_start;
pub use edge::{Edge, EdgeSource, UnknownSource};
pub use endpoint::{Endpoint, Handler};
pub use failure::{Denied, Failure, ParameterFault, WrongParameters};
pub use fetch::HttpFetch;
pub use headers::{BadOrigin, Origins};
pub use incoming::Incoming;
pub use lambda_runtime::Error;
pub use log::json_lines;
pub use serve::serve;
pub use settings::{
    BadSetting, Lookup, SettingFault, Settings, WorkerSettings, edge, jwt_settings, keys_fault, origins,
    rate_limit, sessions_per_person,
};
pub use unrouted::{REST, ROUTES, unrouted};
pub use worker::{
    Batch, EventSource, QueueMessage, QueueMessages, Unfinished, Worker, WorkerFailure, serve_worker,
};
