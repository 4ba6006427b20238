//! The table: the only code that knows DynamoDB's keys, attributes and expressions.
//!
//! There is one table, whose partition keys begin with the organization ([`keys`]). Every public method of [`Store`] is one operation. Every
//! change of an organization is one `TransactWriteItems` with its audit row, so it needs an [`Actor`](model::principal::Actor). Time is an
//! argument: nothing here reads a clock.
//!
//! # Rooms
//!
//! A layer imports only layers that stand earlier in this table (`tests/contract/layers.rs`, ADR 0060).
//!
//! | Room | What it has |
//! |---|---|
//! | `table` | items, keys, reads, transactions, retries, lists, the audit log |
//! | `vault` | sealed secrets, KMS, Secrets Manager |
//! | `callers` | rate limits, failed sign-ins |
//! | `ledger` | sessions and their rows, rules, holds, what is due |
//! | `directory` | users, roles, links, resources, credentials, API keys |
//! | `grant` | what a person may open; the start and the extension of a session |
//!
//! # Operations
//!
//! | Operation | File |
//! |---|---|
//! | `resource`, `resources_with_ids`, `resources_in_order_of_creation` | `directory/resource/mod.rs` |
//! | `create_resource`, `update_resource` | `directory/resource/create.rs`, `update.rs` |
//! | `verify_once`, `record_verification` | `directory/resource/verify.rs` |
//! | `delete_resource`, `drain_resource`, `process_due_resource` | `directory/resource/delete.rs`, `drain.rs` |
//! | `credentials_of_rows` | `directory/resource/credentials_of_rows.rs` |
//! | `role`, `roles_in_order_of_creation` | `directory/role/mod.rs` |
//! | `create_role`, `update_role`, `delete_role` | `directory/role/create.rs`, `update.rs`, `delete.rs` |
//! | `user`, `users_in_order_of_creation` | `directory/user/mod.rs` |
//! | `create_user`, `update_user`, `delete_user` | `directory/user/create.rs`, `update.rs`, `delete.rs` |
//! | `enter_user`, `sign_in` | `directory/user/enter.rs`, `sign_in.rs`, `claim.rs` |
//! | `process_due_ending` | `directory/user/ending.rs` |
//! | `assign`, `unassign` | `directory/link/assign.rs`, `unassign.rs` |
//! | `credential`, `credentials_in_order_of_creation`, `all_violations` | `directory/credential/mod.rs` |
//! | `create_credential`, `update_credential`, `delete_credential` | `directory/credential/create.rs`, `update.rs`, `delete.rs` |
//! | `former_values`, `process_due_credential` | `directory/credential/former.rs`, `change.rs` |
//! | `api_key`, `api_keys_in_order_of_creation` | `directory/api_key/mod.rs` |
//! | `create_api_key`, `revoke_api_key`, `record_use_of_api_key` | `directory/api_key/change.rs`, `use_of.rs` |
//! | `accessible` | `grant/accessible.rs` |
//! | `start_session`, `extend_session`, `process_due_rows` | `grant/start.rs`, `extend.rs`, `reserve.rs` |
//! | `session` | `ledger/session/mod.rs` |
//! | `shown_session`, `sessions_of_user_newest_first`, `sessions_of_org_newest_first` | `ledger/session/list.rs` |
//! | `stop_session`, `end_or_evict_session`, `process_due_session` | `ledger/session/end.rs` |
//! | `running_sessions`, `still_open`, `sessions_due_within` | `ledger/session/running.rs`, `still_open.rs`, `upcoming.rs` |
//! | `rule_with_id`, `rules_in_order_of_creation`, `retry_rule` | `ledger/rule/list.rs`, `wake.rs` |
//! | `resolve_rule`, `notify_rows` | `ledger/notice/resolve.rs`, `mod.rs` |
//! | `lease_group`, `is_leased`, `want_group_again`, `release_group`, `give_up_group`, `rules_of_group`, `remember_access`, `postpone_comparison` | `ledger/rule/group.rs` |
//! | `record_finding`, `record_intents`, `settle_rule`, `forget_rule` | `ledger/rule/finding.rs` |
//! | `due` | `ledger/due.rs` |
//! | `deployment`, `deployment_if_any` | `ledger/deployment.rs` |
//! | `audit_rows_newest_first`, `record_denial` | `table/audit/log.rs` |
//! | `take_tokens`, `count_failed_sign_in` | `callers/rate.rs`, `failed_sign_in.rs` |
//!
//! What each operation costs is in `docs/performance.md`.

#![allow(
    missing_docs,
    reason = "only this workspace reads the crate; a comment that repeats a name explains nothing"
)]

mod callers;
mod directory;
mod grant;
mod ledger;
mod table;
mod vault;

pub use callers::failed_sign_in::FailedSignIn;
pub use callers::rate::Taken;
pub use directory::api_key::KeyRecord;
pub use directory::credential::{CredentialRecord, FormerValue};
pub use directory::resource::{Deletion, GroupFound, Neighbour, ProviderAnswer, RuleSlots, Verified};
pub use grant::{Accessible, Owner, StartRequest};
pub use ledger::due::{Due, DueList};
pub use ledger::notice::Notice;
pub use ledger::rule::{
    Finding, GroupLease, GroupLedger, LEASE_SECONDS, ListedRule, Released, RuleEntry, UnreadableRule,
};
pub use ledger::session::{Ended, ShownSession, StillOpen, Upcoming};
pub use ledger::stream::StreamRecord;
pub use table::Store;
pub use table::audit::{AuditPage, AuditRow};
pub use table::error::{Cause, StoreError};
pub use table::keys::{self, Payer};
pub use table::list::{Listed, PageRequest, UnreadableObject};
pub use table::retry::{CALL_ATTEMPTS, retry_config};
pub use table::tag::Versioned;
pub use vault::kms::Kms;
pub use vault::secrets_manager::{SecretsManager, UnreadSecret};
pub use vault::{Sealed, Vault};
