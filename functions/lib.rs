//! Every function's handler. A folder holds one function: `mod.rs` with its handler, `main.rs` with its binary,
//! `event.json` with an event that API Gateway would send it.

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

/// Every function with callers, by the name of its binary: with [`workers()`] the only list in Rust. Paths, methods and permissions stand in
/// `template.yaml`, and a test holds the two together.
#[must_use]
pub fn all() -> Vec<(&'static str, Endpoint)> {
    vec![
        ("api-key-create", Endpoint::new(api_key_create::handler)),
        ("api-key-list", Endpoint::new(api_key_list::handler)),
        ("api-key-revoke", Endpoint::new(api_key_revoke::handler)),
        ("audit-log-list", Endpoint::new(audit_log_list::handler)),
        ("credential-create", Endpoint::new(credential_create::handler)),
        ("credential-delete", Endpoint::new(credential_delete::handler)),
        ("credential-get", Endpoint::new(credential_get::handler)),
        ("credential-list", Endpoint::new(credential_list::handler)),
        ("credential-patch", Endpoint::new(credential_patch::handler)),
        ("credential-update", Endpoint::new(credential_update::handler)),
        ("docs-get", Endpoint::new(docs_get::handler)),
        ("fallback", Endpoint::new(fallback::handler)),
        ("health", Endpoint::new(health::handler)),
        ("me-get", Endpoint::new(me_get::handler)),
        ("openapi-get", Endpoint::new(openapi_get::handler)),
        ("resource-create", Endpoint::new(resource_create::handler)),
        ("resource-delete", Endpoint::new(resource_delete::handler)),
        ("resource-get", Endpoint::new(resource_get::handler)),
        ("resource-list", Endpoint::new(resource_list::handler)),
        ("resource-update", Endpoint::new(resource_update::handler)),
        ("resource-verify", Endpoint::new(resource_verify::handler)),
        ("role-create", Endpoint::new(role_create::handler)),
        ("role-delete", Endpoint::new(role_delete::handler)),
        ("role-get", Endpoint::new(role_get::handler)),
        ("role-list", Endpoint::new(role_list::handler)),
        ("role-resource-assign", Endpoint::new(role_resource_assign::handler)),
        ("role-resource-unassign", Endpoint::new(role_resource_unassign::handler)),
        ("role-update", Endpoint::new(role_update::handler)),
        ("role-user-assign", Endpoint::new(role_user_assign::handler)),
        ("role-user-unassign", Endpoint::new(role_user_unassign::handler)),
        ("rule-list", Endpoint::new(rule_list::handler)),
        ("rule-resolve", Endpoint::new(rule_resolve::handler)),
        ("rule-retry", Endpoint::new(rule_retry::handler)),
        ("session-admin-list", Endpoint::new(session_admin_list::handler)),
        ("session-admin-stop", Endpoint::new(session_admin_stop::handler)),
        ("session-extend", Endpoint::new(session_extend::handler)),
        ("session-get", Endpoint::new(session_get::handler)),
        ("session-list", Endpoint::new(session_list::handler)),
        ("session-start", Endpoint::new(session_start::handler)),
        ("session-stop", Endpoint::new(session_stop::handler)),
        ("user-create", Endpoint::new(user_create::handler)),
        ("user-delete", Endpoint::new(user_delete::handler)),
        ("user-get", Endpoint::new(user_get::handler)),
        ("user-list", Endpoint::new(user_list::handler)),
        ("user-resource-assign", Endpoint::new(user_resource_assign::handler)),
        ("user-resource-unassign", Endpoint::new(user_resource_unassign::handler)),
        ("user-update", Endpoint::new(user_update::handler)),
    ]
}

/// Every function without callers, by the name of its binary. What wakes them stands in `template.yaml`.
#[must_use]
pub fn workers() -> Vec<(&'static str, Worker)> {
    vec![
        ("rule-reconciler", rule_reconciler::worker()),
        ("rule-worker", rule_worker::worker()),
        ("session-ender", session_ender::worker()),
        ("session-sweeper", session_sweeper::worker()),
    ]
}
