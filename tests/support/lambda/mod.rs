//! Functions as Lambda runs them: real bootstraps, each in a process of its own, with the Runtime API on loopback.

mod process;
mod runtime_api;
mod settings;

pub use process::{Bootstrap, Program};
pub use runtime_api::{Answer, Invocation, Report, RuntimeApi};
pub use settings::{recorded_event, settings};
