//! The context of the workers, from the parts of a function.

use web::{App, Failure};
use workers::WorkerContext;

/// # Errors
/// 500 in a function that was deployed without a KMS key.
pub(crate) fn worker_context(app: &App) -> Result<WorkerContext, Failure> {
    Ok(WorkerContext { store: app.store().clone(), vault: app.vault()?.clone(), firewall: app.firewall()? })
}
