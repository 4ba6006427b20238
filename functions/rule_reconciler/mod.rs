//! The reconciler, each hour: compares security groups with the ledger.

use web::{App, Failure, Worker};
use workers::{Report, RuleReconciler};

use crate::tools::tools;

/// The worker.
#[must_use]
pub fn worker() -> Worker {
    Worker::of_schedule(handler)
}

/// A run.
///
/// # Errors
/// When the table gives no answer, or the function was deployed without a KMS key.
pub async fn handler(app: App) -> Result<Report, Failure> {
    let report = RuleReconciler::new(tools(&app)?).run(app.now).await?;
    tracing::info!(failed = report.failed, ?report, "compared");
    Ok(report)
}
