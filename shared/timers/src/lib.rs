//! Timers of sessions: at the time at which a session is over, somebody is told.
//!
//! A timer is a hint. It may be early, late, twice or lost: what is to be done stands in the table, and the sweep finds it there.
//! So a timer is never taken back, and a session that was extended, stopped or deleted lets it pass.
//!
//! | Implementation | Where |
//! |---|---|
//! | [`Sqs`] | deployed: a queue whose messages have a delay each |
//! | [`InMemory`] | `cargo run` and tests: the same queue in the process |

mod in_memory;
mod sqs;
mod timer;

pub use in_memory::{InMemory, RECEIVES_MAX, TimerMessage, VISIBILITY_SECONDS};
pub use sqs::Sqs;
pub use timer::{SessionRef, SessionTimers, Timer, Unreadable};
