//! The base: items with their keys, expressions, reads, transactions, retries, lists, and the audit row that each transaction carries.
//!
//! Nothing here knows what a session, a rule or a resource is. From the bottom up:
//!
//! | File | What it has |
//! |---|---|
//! | `error`, `size`, `random` | why an operation failed; how large an item is; unguessable texts |
//! | `keys` | the keys and the attribute names of every item |
//! | `expression`, `item`, `write` | DynamoDB's expressions, items and writes |
//! | `retry` | the one loop that repeats |
//! | `read`, `bookkeeping` | reads; single writes without an audit row |
//! | `cursor`, `list`, `tag` | pages of a list; the `ETag` of an object |
//! | `idempotency`, `audit`, `transaction` | first results; the audit log; writes that happen together |

pub(crate) mod audit;
pub(crate) mod bookkeeping;
pub(crate) mod cursor;
pub(crate) mod error;
pub(crate) mod expression;
pub(crate) mod idempotency;
pub(crate) mod item;
pub mod keys;
pub(crate) mod list;
pub(crate) mod random;
pub(crate) mod read;
pub(crate) mod retry;
pub(crate) mod size;
pub(crate) mod tag;
pub(crate) mod transaction;
pub(crate) mod write;

use aws_sdk_dynamodb::Client;
use model::id::DeploymentId;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The table. Its operations stand in the folders beside this one; the crate's first page lists them.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) client: Client,
    pub(crate) table: String,
    /// The id of this deployment, after its first read.
    pub(crate) deployment: Arc<OnceCell<DeploymentId>>,
}

impl Store {
    /// A store on a table that exists.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), deployment: Arc::default() }
    }
}
