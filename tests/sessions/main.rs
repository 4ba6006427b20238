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
mod credentials_of_holders;
#[cfg(feature = "large")]
mod crowd;
mod double;
mod events;
mod extensions;
mod former;
mod killed;
mod kills;
mod lifecycle;
mod neighbours;
mod offboarding;
mod on_time;
#[cfg(feature = "large")]
mod outage;
mod pages;
mod parents;
mod proof;
mod random;
mod recorded;
mod repairs;
mod requests;
mod sharing;
mod starved;
mod stuck;
mod unreadable;
mod world;
