//! The sweeper, each minute: ends sessions whose time is over, drives what is late, and sets timers for the ends to come.

use futures_util::future::join;
use web::{App, Failure, Worker};
use workers::{CircuitBreaker, Report, SessionSweeper, TimerSetter};

use crate::worker_context::worker_context;

/// The worker. What it learns of accounts lasts as long as its environment.
#[must_use]
pub fn worker() -> Worker {
    let circuit = CircuitBreaker::default();
    Worker::of_schedule(move |app| handler(app, circuit.clone()))
}

/// A run. Timers are set beside the sweep: neither waits for the other, and the sweep needs none of them.
///
/// # Errors
/// When the table gives no answer, or the function was deployed without a KMS key or the queue's address.
pub async fn handler(app: App, circuit: CircuitBreaker) -> Result<Report, Failure> {
    let setter = TimerSetter::new(app.store().clone(), app.timers()?);
    let sweeper = SessionSweeper::new(worker_context(&app)?).with_circuit(circuit).with_clock(app.clock());
    let (timers, swept) = join(setter.run(app.now), sweeper.run(app.now)).await;
    let mut report = swept?;
    report.add(&timers);
    let (failed, postponed, late) = (report.failed, report.postponed(), report.late);
    tracing::info!(failed, postponed, late, ?report, "swept");
    Ok(report)
}
