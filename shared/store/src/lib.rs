//! The one place that knows DynamoDB.
//!
//! One table, whose partition keys begin with the organization ([`keys`]). Every public method is one access
//! pattern. Every mutation is one `TransactWriteItems` that carries its audit row (`transaction`): there is no
//! way to change the table without an [`Actor`](model::principal::Actor). Retries and time are decided by the
//! caller's `now` and by `retry`; nothing here reads a clock.

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
pub use table::tag::Tagged;
pub use vault::kms::Kms;
pub use vault::secrets_manager::{SecretsManager, UnreadSecret};
pub use vault::{Sealed, Vault};
