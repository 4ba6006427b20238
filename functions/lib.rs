//! Every function's handler. A folder holds one function: `mod.rs` with its handler, and `event.json` with an event that API Gateway would
//! send it. The modules below are the list of functions: `build.rs` makes [`all()`] and [`workers()`] of it, and `cargo xtask generate` the
//! binaries in `src/bin`.

#![allow(missing_docs, reason = "nobody outside the workspace reads this crate's documentation")]

pub mod api_key_create;
pub mod api_key_list;
pub mod api_key_revoke;
pub mod audit_log_list;
pub mod credential_create;
pub mod credential_delete;
pub mod credential_get;
pub mod credential_list;
pub mod credential_patch;
pub mod credential_update;
pub mod docs_get;
pub mod fallback;
pub mod health;
pub mod me_get;
pub mod openapi_get;
mod provider;
pub mod resource_create;
pub mod resource_delete;
pub mod resource_get;
pub mod resource_list;
pub mod resource_update;
pub mod resource_verify;
pub mod role_create;
pub mod role_delete;
pub mod role_get;
pub mod role_list;
pub mod role_resource_assign;
pub mod role_resource_unassign;
pub mod role_update;
pub mod role_user_assign;
pub mod role_user_unassign;
pub mod rule_list;
pub mod rule_reconciler;
pub mod rule_resolve;
pub mod rule_retry;
pub mod rule_worker;
pub mod session_admin_list;
pub mod session_admin_stop;
pub mod session_ender;
pub mod session_extend;
pub mod session_get;
pub mod session_list;
pub mod session_start;
pub mod session_stop;
pub mod session_sweeper;
pub mod user_create;
pub mod user_delete;
pub mod user_get;
pub mod user_list;
pub mod user_resource_assign;
pub mod user_resource_unassign;
pub mod user_update;
pub mod views;
mod worker_context;

use web::{Endpoint, Worker};

/// Every function with callers, by the name of its binary. Paths, methods and permissions stand in `template.yaml`, and a test holds the
/// two together.
#[must_use]
pub fn all() -> Vec<(&'static str, Endpoint)> {
    include!(concat!(env!("OUT_DIR"), "/all.rs"))
}

/// Every function without callers, by the name of its binary. What wakes them stands in `template.yaml`.
#[must_use]
pub fn workers() -> Vec<(&'static str, Worker)> {
    include!(concat!(env!("OUT_DIR"), "/workers.rs"))
}
