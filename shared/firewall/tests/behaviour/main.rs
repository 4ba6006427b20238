//! What every [`Firewall`](firewall::Firewall) does, run on each of them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod faults;
mod simulated;
mod suite;
