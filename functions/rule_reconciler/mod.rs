//! The reconciler, every five minutes: compares each security group with the ledger once an hour.

use web::{App, Failure, Worker};
use workers::{CircuitBreaker, Report, RuleReconciler};

use crate::worker_context::worker_context;

/// The circuit breaker lives as long as the environment, so that its next run remembers accounts that did not answer.
#[must_use]
pub fn worker() -> Worker {
    let circuit = CircuitBreaker::default();
    Worker::of_schedule(move |app| handler(app, circuit.clone()))
}

/// Runs once.
///
/// # Errors
/// When the table does not answer, or the function was deployed without a KMS key.
pub async fn handler(app: App, circuit: CircuitBreaker) -> Result<Report, Failure> {
    let report = RuleReconciler::new(worker_context(&app)?)
        .with_circuit(circuit)
        .with_clock(app.clock())
        .run(app.now)
        .await?;
    let (failed, postponed, late) = (report.failed, report.postponed(), report.late);
    tracing::info!(failed, postponed, late, ?report, "compared");
    Ok(report)
}
