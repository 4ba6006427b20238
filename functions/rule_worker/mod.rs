//! The worker of the table's stream: asks the cloud for what sessions want.

use std::collections::BTreeSet;
use web::{App, Batch, Failure, Unfinished, Worker};
use workers::RuleWorker;

use crate::tools::tools;

/// The worker.
#[must_use]
pub fn worker() -> Worker {
    Worker::of_stream(handler)
}

/// Looks after the groups in which rules changed. A record is a hint: what is to be done stands in the ledger. A record that cannot
/// be read, and one whose group has to wait, comes again; the others are done.
///
/// # Errors
/// When the function was deployed without a KMS key.
pub async fn handler(app: App, batch: Batch) -> Result<Unfinished, Failure> {
    let (mut unfinished, mut groups) = (Unfinished::default(), BTreeSet::new());
    let (mut changed, mut unreadable) = (Vec::new(), 0);
    for record in &batch.records {
        match record.changed_group() {
            Ok(Some(group)) => {
                groups.insert(group.clone());
                changed.push((record, group));
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(?error, "a record of the stream cannot be read");
                unfinished.add(record);
                unreadable += 1;
            }
        }
    }
    let (report, again) = RuleWorker::new(tools(&app)?).run(groups, app.now).await;
    for (record, _) in changed.iter().filter(|(_, group)| again.contains(group)) {
        unfinished.add(record);
    }
    let failed = report.failed + unreadable;
    tracing::info!(failed, ?report, records = batch.records.len(), "rules");
    Ok(unfinished)
}
