//! From a gateway event to a handler and back.
//!
//! `pipeline.rs` shows a request from top to bottom. A function is [`serve`]d from its handler alone, whose signature is its contract:
//! the second argument is an access level ([`access`]), the others are inputs ([`input`]), and the type of the reply ([`reply`]) is the
//! status. Everything that can go wrong is a [`Failure`]. The table of refusals (`refusals/`) says what callers are answered, and the path
//! picks one of three error formats ([`error_format`]).
//!
//! Modules import only modules that stand further down in this list, or further right in their row:
//!
//! | Modules | |
//! |---|---|
//! | `handler` | handlers as typed functions |
//! | `pipeline` | the steps of a request |
//! | `unrouted`, `denied_audit`, `access`, `worker` | work with the [`App`] |
//! | `app` | what a process builds once |
//! | `rate`, `directory`, `aws`, `fetch`, `log`, `settings` | its parts |
//! | `error_format`, `input`, `headers`, `reply`, `refusals` | bodies and headers |
//! | `incoming`, `reference`, `failure` | the request, and why it fails |
//! | `edge`, `event`, `place`, `clock` | know nothing of this crate |

#![allow(missing_docs, reason = "nobody outside the workspace reads this crate's documentation")]

pub mod access;
mod app;
mod aws;
pub mod clock;
mod denied_audit;
mod directory;
mod edge;
pub mod error_format;
pub mod event;
mod failure;
mod fetch;
mod handler;
mod headers;
mod incoming;
pub mod input;
mod log;
mod pipeline;
mod place;
mod rate;
mod reference;
mod refusals;
pub mod reply;
mod settings;
mod unrouted;
mod worker;

pub use app::{App, Parts};
pub use denied_audit::record_refused_start;
pub use edge::{Edge, EdgeSource, UnknownSource};
pub use event::EventSource;
pub use failure::{Denied, Failure, ParameterFault, WrongParameters};
pub use fetch::HttpFetch;
pub use handler::{Handler, serve};
pub use headers::{BadOrigin, Origins};
pub use incoming::Incoming;
pub use lambda_runtime::Error;
pub use log::json_lines;
pub use pipeline::{Endpoint, admit};
pub use place::{BASE_PATH, REST};
pub use settings::{
    BadSetting, Lookup, SettingFault, Settings, WorkerSettings, edge, jwt_settings, keys_fault, origins,
    rate_limit, sessions_per_person,
};
pub use unrouted::{ROUTES, unrouted};
pub use worker::{Batch, QueueMessage, QueueMessages, Unfinished, Worker, WorkerFailure, serve_worker};
