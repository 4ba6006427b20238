//! The API, request by request: a module for each family of paths, and modules for the rules of all paths.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::print_stdout, reason = "what was measured is shown with --nocapture")]

mod api_keys;
mod audit_logs;
mod bad_input;
mod bodies;
mod credentials;
mod deactivated;
mod edge;
mod expect;
mod formats;
mod gateway;
mod headers;
mod identity;
mod lists;
mod me;
mod rate;
mod resources;
mod roles;
mod seeds;
mod tokens;
mod user_links;
mod users;
mod verify;
