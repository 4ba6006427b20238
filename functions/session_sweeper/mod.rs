//! The sweeper, each minute: ends sessions whose time is over, and drives what is late.

use web::{App, Failure, Worker};
use workers::{Report, SessionSweeper};

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
    let report = SessionSweeper::new(tools(&app)?).run(app.now).await?;
    tracing::info!(failed = report.failed, ?report, "swept");
    Ok(report)
}
