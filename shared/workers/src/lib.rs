//! The workers: what Postern does without a request.
//!
//! | Worker | Woken by | Does |
//! |---|---|---|
//! | [`RuleWorker`] | the table's stream | asks the cloud for what changed in the ledger |
//! | [`SessionSweeper`] | a schedule, each minute | ends sessions whose time is over, drives what is late |
//! | [`TimerSetter`] | the same schedule | sets a timer for each session that is over within two minutes |
//! | [`SessionEnder`] | those timers | ends sessions at their time |
//! | [`RuleReconciler`] | a schedule, every five minutes | compares each group with the ledger once an hour |
//!
//! Each worker is a value with `run(now)`. Those that ask a cloud visit whole security groups (`group.rs`, `attempt.rs`, `others.rs`,
//! `cloud.rs`). One worker at a time visits a group, and it acts on the present ledger. The event that woke the worker is a hint: it may come twice,
//! late or out of order. Organizations take turns (`turns.rs`), and an account that does not answer is left alone for a
//! minute (`circuit.rs`), so that no organization waits for another one's account.

#![allow(
    missing_docs,
    reason = "only this workspace reads the crate; a comment that repeats a name explains nothing"
)]

mod access;
mod attempt;
mod circuit;
mod cloud;
mod context;
mod group;
mod mark;
mod others;
mod outcome;
mod patience;
mod reconciler;
mod report;
mod rule_worker;
mod sweeper;
mod timers;
mod turns;
mod visitor;
mod worker;

pub use access::{AccessError, access_of};
pub use circuit::CircuitBreaker;
pub use context::{Clock, WorkerContext};
pub use mark::{Mark, Owner};
pub use reconciler::RuleReconciler;
pub use report::Report;
pub use rule_worker::RuleWorker;
pub use sweeper::SessionSweeper;
pub use timers::{AHEAD_SECONDS, SessionEnder, TimerSetter};
pub use turns::Pace;
pub use worker::Worker;
