//! When a rule was seen to be there or gone: by the clock at that time, not by the beginning of the worker's run.

use model::time::Timestamp;
use serde_json::json;
use std::sync::Arc;
use support::{InFunction as _, ORG, TestApp, at_millis, org};
use workers::{Clock, RuleWorker};

use crate::world::{World, group, shown, start};

/// A clock that goes on by ten seconds at each look, from a time on.
fn slow_run(from: Timestamp) -> Clock {
    let looks = std::sync::atomic::AtomicI64::new(0);
    Arc::new(move || {
        at_millis(from.unix_millis() + 10_000 * (looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1))
    })
}

#[tokio::test]
async fn a_rule_is_gone_after_the_end_that_it_waited_for() {
    let world = World::of(TestApp::new().await).await;
    let resource = world.resource(1).await;
    let grace = world.person("grace", &[&resource]).await;
    let before = world.app.now();
    // The run began before the session did, and comes to its group later.
    world.app.advance_seconds(5);
    let session = start(&grace, json!({})).await;
    let work = async |began: Timestamp| {
        let worker = RuleWorker::new(world.app.worker_context()).with_clock(slow_run(world.app.now()));
        let _ = worker.run([(org(ORG), group(1))], began).in_function("rule-worker").await;
    };
    work(before).await;
    let row = shown(&grace, &session).await["resourceIps"][0].clone();
    assert!(row["appliedAt"].as_str() > session["startedAt"].as_str(), "{row}");
    world.app.advance_seconds(60);
    let before = world.app.now();
    world.app.advance_seconds(5);
    let path = format!("/sessions/{}/stop", session["id"].as_str().unwrap());
    let stopped = grace.post_empty(&path).await.expect(200).json;
    work(before).await;
    let row = shown(&grace, &session).await["resourceIps"][0].clone();
    assert!(row["removedAt"].as_str() > stopped["endedAt"].as_str(), "{row} of {stopped}");
    // The record has the events in the order in which they happened.
    let log: Vec<_> =
        world.app.db_audit().await.into_iter().map(|row| (row.created_at, row.event_type)).collect();
    assert!(log.is_sorted_by_key(|(at, _)| *at), "{log:?}");
}
