//! Faults that users of comparable systems reported in public: a module for each kind of fault, which names the reports and asserts
//! the answers that are right.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod stages;
