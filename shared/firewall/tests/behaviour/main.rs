//! What every [`Firewall`](firewall::Firewall) does, run on each of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

#[cfg(feature = "moto")]
mod ec2;
mod faults;
mod simulated;
mod sts;
mod suite;
