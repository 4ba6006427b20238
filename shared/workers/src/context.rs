//! What every worker works with.

use firewall::Firewall;
use model::time::Timestamp;
use std::sync::Arc;
use store::{Store, Vault};

/// The clock of a run.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What every worker works with.
#[derive(Clone)]
pub struct WorkerContext {
    pub store: Store,
    pub vault: Vault,
    pub firewall: Arc<dyn Firewall>,
}
