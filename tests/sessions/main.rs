//! Sessions, and the rules that always go.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod blocks;
mod cost;
mod credentials_of_holders;
#[cfg(feature = "large")]
mod crowd;
mod double;
mod events;
mod extensions;
mod former;
mod gone;
mod killed;
mod kills;
mod lifecycle;
mod limits;
mod load;
mod neighbours;
mod offboarding;
mod on_time;
#[cfg(feature = "large")]
mod outage;
mod pages;
mod parents;
mod random;
mod recorded;
mod repaired;
mod repairs;
mod requests;
mod rights;
mod running;
mod scene;
mod seen_at;
mod sharing;
mod sizes;
mod starved;
mod still_open;
mod stuck;
mod there;
mod unreadable;
mod world;
