//! Faults that users of comparable systems reported in public: a module for each kind of fault, which names the reports and asserts
//! the answers that are right.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod forms;
mod misspelt_members;
mod nested_json;
mod numbers;
mod regions;
mod reserved_addresses;
mod texts;
mod claims;
mod head;
mod invitations;
mod same_kid;
mod audit_contents;
mod query_parameters;
mod time_windows;
