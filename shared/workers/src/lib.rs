//! What Postern does by itself.
//!
//! | Worker | Woken by | Does |
//! |---|---|---|
//! | [`RuleWorker`] | the table's stream | asks the cloud for what changed in the ledger |
//! | [`SessionSweeper`] | a schedule, each minute | ends sessions whose time is over, drives what is late |
//! | [`TimerSetter`] | the same schedule | sets a timer for each session that is over within two minutes |
//! | [`SessionEnder`] | those timers | ends sessions at their time |
//! | [`RuleReconciler`] | a schedule, every five minutes | compares each group with the ledger once an hour |
//!
//! Each is a small value with `run(now)`. Those that ask a cloud end in the same place: a security group is visited as a whole (`group.rs`,
//! `attempt.rs`, `others.rs`, `cloud.rs`), by one worker at a time, from what the ledger says at that moment. What woke a worker is a hint: to
//! wake one twice, late or in the wrong order changes nothing. Organizations take turns (`turns.rs`), and an account that does not
//! answer is left alone for a minute (`circuit.rs`), so that nobody waits for somebody else's account.

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
