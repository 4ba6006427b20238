//! The sweeper, every minute: ends sessions whose time is over, does late work, and sets timers for sessions that end soon.

use futures_util::future::join;
use web::{App, Failure, Worker};
use workers::{CircuitBreaker, Report, SessionSweeper, TimerSetter};

use crate::worker_context::worker_context;

/// The circuit breaker lives as long as the environment, so that its next run remembers accounts that did not answer.
#[must_use]
pub fn worker() -> Worker {
    let circuit = CircuitBreaker::default();
    Worker::of_schedule(move |app| handler(app, circuit.clone()))
}

/// Runs once. Sweep and timers do not wait for each other.
///
/// # Errors
/// When the table does not answer, or the function was deployed without a KMS key or the queue's URL.
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
