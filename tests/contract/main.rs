//! What must agree across files and across the whole API: names, routes, access, error bodies, keys, permissions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod access_matrix;
mod alarms;
mod audit_rows;
mod compatibility;
mod costs;
mod deadline;
mod deployment;
mod edge_stack;
mod edges;
mod error_docs;
mod error_table;
mod examples;
mod handlers;
mod iam;
mod idempotency;
mod key_table;
mod layers;
mod names;
mod openapi;
mod operations;
mod parameters;
mod preconditions;
mod random_requests;
mod repository;
mod restore;
mod routes;
mod slashes;
mod statuses;
mod tenant_sweep;
mod troubles;
mod worker_settings;
