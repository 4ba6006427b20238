//! The worker of timers: ends sessions at their time. The table's stream then wakes the worker that removes their rules.

use timers::SessionRef;
use web::{App, Failure, QueueMessages, Unfinished, Worker};
use workers::SessionEnder;

#[must_use]
pub fn worker() -> Worker {
    Worker::of_queue(handler)
}

/// Ends the sessions of some messages, if their time is over. A message is only a hint: the table holds the work.
///
/// An unreadable message and one whose session could not be ended come again, until the queue puts them aside.
///
/// # Errors
/// When the function was deployed without the queue's URL.
pub async fn handler(app: App, messages: QueueMessages) -> Result<Unfinished, Failure> {
    let mut unfinished = Unfinished::default();
    let mut read = Vec::new();
    for message in &messages.records {
        if let Ok(session) = SessionRef::parse(&message.body) {
            read.push((message, session));
        } else {
            tracing::error!("a message of the queue of timers cannot be read");
            unfinished.add_message(message);
        }
    }
    let sessions = read.iter().map(|(_, session)| session.clone()).collect();
    let (report, again) = SessionEnder::new(app.store().clone(), app.timers()?).run(sessions, app.now).await;
    for (message, _) in read.iter().filter(|(_, session)| again.contains(session)) {
        unfinished.add_message(message);
    }
    let (failed, postponed, late) = (report.failed, report.postponed(), report.late);
    tracing::info!(failed, postponed, late, ?report, messages = messages.records.len(), "ended");
    Ok(unfinished)
}
