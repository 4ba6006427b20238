//! What workers work with, from a function's own parts.

use web::{App, Failure};
use workers::Tools;

/// The table, the vault and the cloud.
///
/// # Errors
/// An internal failure in a function that was deployed without a KMS key.
pub(crate) fn tools(app: &App) -> Result<Tools, Failure> {
    Ok(Tools { store: app.store().clone(), vault: app.vault()?.clone(), firewall: app.firewall()? })
}
