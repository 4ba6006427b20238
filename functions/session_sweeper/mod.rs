//! The sweeper, each minute: ends sessions whose time is over, drives what is late, and sets timers for the ends to come.

use futures_util::future::join;
use web::{App, Failure, Worker};
use workers::{Report, SessionSweeper, TimerSetter};

use crate::tools::tools;

/// The worker.
#[must_use]
pub fn worker() -> Worker {
    Worker::of_schedule(handler)
}

/// A run. Timers are set beside the sweep: neither waits for the other, and the sweep needs none of them.
///
/// # Errors
/// When the table gives no answer, or the function was deployed without a KMS key or the queue's address.
pub async fn handler(app: App) -> Result<Report, Failure> {
    let (setter, sweeper) =
        (TimerSetter::new(app.store().clone(), app.timers()?), SessionSweeper::new(tools(&app)?));
    let (timers, swept) = join(setter.run(app.now), sweeper.run(app.now)).await;
    let mut report = swept?;
    report.add(&timers);
    tracing::info!(?report, "swept");
    Ok(report)
}
