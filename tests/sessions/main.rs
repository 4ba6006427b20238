//! Sessions, and the rules that always go.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod killed;
mod kills;
mod ledger;
mod lifecycle;
mod random;
mod world;
