//! What every worker works with.

use firewall::Firewall;
use model::time::Timestamp;
use std::sync::Arc;
use store::{Store, Vault};

/// Where the time comes from while a run lasts.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What every worker works with.
#[derive(Clone)]
pub struct WorkerContext {
    /// The table.
    pub store: Store,
    /// Where credentials are opened.
    pub vault: Vault,
    /// The cloud.
    pub firewall: Arc<dyn Firewall>,
}
