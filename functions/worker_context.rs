//! What workers work with, from a function's own parts.

use web::{App, Failure};
use workers::WorkerContext;

/// The table, the vault and the cloud.
///
/// # Errors
/// An internal failure in a function that was deployed without a KMS key.
pub(crate) fn worker_context(app: &App) -> Result<WorkerContext, Failure> {
    Ok(WorkerContext { store: app.store().clone(), vault: app.vault()?.clone(), firewall: app.firewall()? })
}
