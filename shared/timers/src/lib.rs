//! Timers of sessions: when a session's time is over, a worker gets a message.
//!
//! A timer is a hint. It may be early, late, twice or lost: the table says what is due, and the sweep finds it there. So a timer is never
//! cancelled, and is ignored for a session that was extended, stopped or deleted.
//!
//! | Implementation | Where |
//! |---|---|
//! | [`Sqs`] | deployed: a queue whose messages have a delay each |
//! | [`InMemory`] | `cargo run` and tests: the same queue in the process |

#![allow(
    missing_docs,
    reason = "only this workspace reads the crate; a comment that repeats a name explains nothing"
)]

mod in_memory;
mod sqs;
mod timer;

pub use in_memory::{InMemory, RECEIVES_MAX, TimerMessage, VISIBILITY_SECONDS};
pub use sqs::Sqs;
pub use timer::{SessionRef, SessionTimers, Timer, Unreadable};
