//! The one place that knows DynamoDB.
//!
//! One table, whose partition keys begin with the organization ([`keys`]). Every public method is one access
//! pattern. Every mutation is one `TransactWriteItems` that carries its audit row (`transaction`): there is no
//! way to change the table without an [`Actor`](model::principal::Actor). Retries and time are decided by the
//! caller's `now` and by `retry`; nothing here reads a clock.

mod api_key;
mod audit;
mod bookkeeping;
mod closings;
mod credential;
mod cursor;
mod deployment;
mod due;
mod error;
mod expression;
mod idempotency;
mod item;
pub mod keys;
mod kms;
mod link;
mod list;
mod random;
mod rate;
mod read;
mod resource;
mod retry;
mod role;
mod rule;
mod secrets;
mod session;
mod shards;
mod sign_in;
mod size;
mod stream;
mod tag;
mod transaction;
mod user;
mod vault;
mod write;

pub use api_key::KeyRecord;
pub use audit::{AuditPage, AuditRow};
pub use credential::{CredentialRecord, FormerValue};
pub use due::{Due, DueList};
pub use error::{Cause, StoreError};
pub use kms::Kms;
pub use list::{Listed, PageRequest, UnreadableObject};
pub use rate::{Payer, Taken};
pub use resource::{Deletion, GroupFound, Neighbour, ProviderAnswer, RuleSlots, Verified};
pub use retry::{CALL_ATTEMPTS, retry_config};
pub use rule::{
    Finding, GroupLease, GroupLedger, LEASE_SECONDS, ListedRule, Notice, Released, RuleEntry, UnreadableRule,
};
pub use secrets::{SecretsManager, UnreadSecret};
pub use session::{Ended, Owner, ShownSession, StartRequest, StillOpen, Upcoming};
pub use sign_in::FailedSignIn;
pub use stream::StreamRecord;
pub use tag::Tagged;
pub use user::Accessible;
pub use vault::{Sealed, Vault};

use aws_sdk_dynamodb::Client;
use model::id::DeploymentId;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The table.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    table: String,
    /// Which deployment this is, once somebody asked.
    deployment: Arc<OnceCell<DeploymentId>>,
}

impl Store {
    /// A store on a table that exists.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), deployment: Arc::default() }
    }
}
