//! Sessions, and the rules that always go.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod cost;
#[cfg(feature = "large")]
mod crowd;
mod events;
mod former;
mod killed;
mod kills;
mod lifecycle;
#[cfg(feature = "large")]
mod outage;
mod pages;
mod parents;
mod random;
mod recorded;
mod repairs;
mod requests;
mod sharing;
mod stuck;
mod world;
