//! The worker of the table's stream: asks the cloud for what sessions want.

use web::{App, Batch, Failure, Unfinished, Worker};
use workers::{CircuitBreaker, RuleWorker};

use crate::worker_context::worker_context;

/// The worker. What it learns of accounts lasts as long as its environment.
#[must_use]
pub fn worker() -> Worker {
    let circuit = CircuitBreaker::default();
    Worker::of_stream(move |app, batch| handler(app, batch, circuit.clone()))
}

/// Visits the groups in which rules changed. A record is a hint: what is to be done stands in the ledger, and the sweeper finds it
/// there too. So a record comes again only when the table gave no answer; one that cannot be read would hold up all that follow it.
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
