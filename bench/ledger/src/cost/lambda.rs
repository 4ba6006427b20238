//! How long a function runs for what its row says: a real bootstrap that is warm, in a process of its own, on the embedded DynamoDB.

use serde_json::Value;
use std::time::Duration;
use support::lambda::{Answer, Bootstrap, Program, filled_event, recorded_event, unlimited};
use support::{ORG, TestApp};

use super::Row;
use super::ready::{Ready, present};
use super::workers::{IDLE_GROUP, NOTHING_DUE, PASSED_OVER, sessions};
use crate::measure::{median, millis};
use crate::place::{Place, group};

/// Processes that are asked once each: what changes something can be asked once.
const PROCESSES: usize = 7;

/// Answers of each before: connections stand, and memory is had.
const BEFORE: usize = 5;

/// Milliseconds of a row, where it is a run of a function that asks the provider nothing: how long EC2 takes cannot be known here.
pub(super) async fn milliseconds(row: &Row) -> Option<f64> {
    // The end of a session by its timer can be had once for each session, and not warm.
    let is_end = row.function == "session-ender" && row.what != PASSED_OVER;
    if !row.is_run || row.cost.provider > 0.0 || is_end {
        return None;
    }
    let mut times = Vec::new();
    for _ in 0..PROCESSES {
        times.push(match row.what.as_str() {
            NOTHING_DUE => of_schedule(row.function).await,
            IDLE_GROUP => of_stream(row.function).await,
            PASSED_OVER => of_queue(row.function).await,
            _ => of_request(row).await,
        });
    }
    Some(millis(median(times)))
}

/// An administrator of another organization comes before: whatever the answer is, the table was asked.
async fn of_request(row: &Row) -> Duration {
    let ready = Ready::of(row.function, &row.what).await;
    let before = ready.event(&ready.app.other_admin());
    let (answer, said) = asked(row.function, &ready.app, &before, ready.event(&ready.caller)).await;
    let status = said["statusCode"].as_u64().expect("a status");
    assert!(status < 300 || row.function == "fallback", "{}: {said}", row.function);
    answer.took()
}

async fn of_schedule(worker: &str) -> Duration {
    let place = Place::new(present().await).await;
    let event = recorded_event(worker);
    let (answer, said) = asked(worker, &place.app, &event, event.clone()).await;
    assert_eq!(said["failed"], 0, "{worker}: {said}");
    answer.took()
}

/// A change of a group whose only rule is applied.
async fn of_stream(worker: &str) -> Duration {
    let place = Place::new(present().await).await;
    sessions(&place, 1, true).await;
    place.work([group(1)]).await;
    let event = filled_event(worker, &[("org", ORG.into())].into());
    let event = event.replace("sg-0abc123def4567890", &group(1).group_id);
    let (answer, said) = asked(worker, &place.app, &event, event.clone()).await;
    assert_eq!(said["batchItemFailures"], Value::Array(Vec::new()), "{worker}: {said}");
    answer.took()
}

/// A message of a session that was stopped.
async fn of_queue(worker: &str) -> Duration {
    let place = Place::new(present().await).await;
    let (person, ids) = sessions(&place, 1, true).await;
    let _ = person.post_empty(&format!("/sessions/{}/stop", ids[0])).await.expect(200);
    let event = filled_event(worker, &[("org", ORG.into()), ("sessionId", ids[0].clone())].into());
    let (answer, said) = asked(worker, &place.app, &event, event.clone()).await;
    assert_eq!(said["batchItemFailures"], Value::Array(Vec::new()), "{worker}: {said}");
    answer.took()
}

/// The answer of a function's own process to an event, after some to another.
async fn asked(name: &str, app: &TestApp, before: &str, event: String) -> (Answer, Value) {
    let logs = std::env::temp_dir().join("postern-ledger");
    let settings = unlimited(name, app.aws.endpoint(), &app.table);
    let mut function = Bootstrap::start(Program::built(name, &logs), &settings).await;
    for _ in 0..BEFORE {
        function.answer(before.into()).await;
    }
    let answer = function.answer(event).await;
    let said = serde_json::from_str(&answer.body).expect("JSON");
    (answer, said)
}
