//! Functions as Lambda runs them: real bootstraps, each in a process of its own, with the Runtime API on loopback.
#![expect(clippy::disallowed_methods, reason = "what a process takes is no time of the product")]

mod process;
mod runtime_api;
mod settings;

pub use process::{Bootstrap, Program};
pub use runtime_api::{Answer, Invocation, Report, RuntimeApi};
pub use settings::{administrator, filled_event, recorded_event, settings, unlimited};
