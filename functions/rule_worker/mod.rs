//! The worker of the table's stream: applies and removes rules in the cloud.

use web::{App, Batch, Failure, Unfinished, Worker};
use workers::{CircuitBreaker, RuleWorker};

use crate::worker_context::worker_context;

/// The circuit breaker lives as long as the environment, so that its next run remembers accounts that did not answer.
#[must_use]
pub fn worker() -> Worker {
    let circuit = CircuitBreaker::default();
    Worker::of_stream(move |app, batch| handler(app, batch, circuit.clone()))
}

/// Visits the groups in which rules changed. A record is only a hint: the ledger holds the work, and the sweeper finds it there too.
///
/// So a record comes again only when the table did not answer. An unreadable record is skipped, because it would block all later ones.
///
/// # Errors
/// When the function was deployed without a KMS key.
pub async fn handler(app: App, batch: Batch, circuit: CircuitBreaker) -> Result<Unfinished, Failure> {
    let (mut unfinished, mut changed, mut unreadable) = (Unfinished::default(), Vec::new(), 0);
    for record in &batch.records {
        match record.changed_group() {
            Ok(Some(group)) => changed.push((record, group)),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(?error, "a record of the stream cannot be read");
                unreadable += 1;
            }
        }
    }
    let groups = changed.iter().map(|(_, group)| group.clone());
    let worker = RuleWorker::new(worker_context(&app)?).with_circuit(circuit).with_clock(app.clock());
    let (report, again) = worker.run(groups, app.now).await;
    for (record, _) in changed.iter().filter(|(_, group)| again.contains(group)) {
        unfinished.add(record);
    }
    let (failed, postponed, late) = (report.failed + unreadable, report.postponed(), report.late);
    tracing::info!(failed, postponed, late, ?report, records = batch.records.len(), "rules");
    Ok(unfinished)
}
