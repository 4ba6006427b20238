//! Faults that users of comparable systems reported in public: a module for each kind of fault, which names the reports and asserts
//! the answers that are right.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod audit_contents;
mod claims;
mod extend_names_the_status;
mod forms;
mod head;
mod invitations;
mod kept_as_sent;
mod local_stream;
mod messages;
mod misspelt_members;
mod nested_json;
mod numbers;
mod query_parameters;
mod regions;
mod reserved_addresses;
mod same_kid;
mod scene;
mod sent_back;
mod stages;
mod texts;
mod time_windows;
mod unrelated_roles;
