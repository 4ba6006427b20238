//! What a run of a worker costs: for its first piece of work, and for each further one.

use serde_json::json;
use support::{Client, ORG, TestApp};

use super::Row;
use crate::measure::{Cost, metered};
use crate::place::{Place, group};

/// Things beside the first, of which the mean is what each further one costs.
const MORE: usize = 10;

/// The rows of workers on a schedule that find nothing to do.
pub(super) const NOTHING_DUE: &str = "nothing is due";

/// The row of the worker of the stream that finds nothing to do.
pub(super) const IDLE_GROUP: &str = "a group is looked after, and nothing is to be done";

/// The row of the worker of timers that finds a session ended.
pub(super) const PASSED_OVER: &str = "a message comes for the second time";

/// A row for each thing that a worker does.
pub(super) async fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let (one, many) = (rules(1).await, rules(1 + MORE).await);
    let name = "rule-worker";
    rows.push(Row::new(name, "a rule is applied, the only one of its group", one.0));
    rows.push(Row::part(
        name,
        "each further rule of the group in the same batch",
        many.0.further(one.0, MORE),
    ));
    rows.push(Row::new(name, "a rule is removed, the only one of its group", one.1));
    rows.push(Row::part(
        name,
        "each further removal of the group in the same batch",
        many.1.further(one.1, MORE),
    ));
    rows.push(Row::new(name, IDLE_GROUP, one.2));
    let name = "session-sweeper";
    let (none, one, many) = (expiries(0).await, expiries(1).await, expiries(1 + MORE).await);
    rows.push(Row::new(name, NOTHING_DUE, none));
    rows.push(Row::new(name, "a session with a rule expires: its end, and the rule's removal", one));
    rows.push(Row::part(name, "each further one in another group", many.further(one, MORE)));
    let name = "session-ender";
    let (one, many) = (timers(1).await, timers(1 + MORE).await);
    rows.push(Row::new(
        name,
        "a session with a rule expires: its end, which the stream's worker follows",
        one.0,
    ));
    rows.push(Row::part(name, "each further one in the same batch", many.0.further(one.0, MORE)));
    rows.push(Row::new(name, PASSED_OVER, one.1));
    let name = "rule-reconciler";
    let (none, one, many) = (comparisons(0).await, comparisons(1).await, comparisons(1 + MORE).await);
    rows.push(Row::new(name, NOTHING_DUE, none));
    rows.push(Row::new(name, "a group with a rule is as it should be", one));
    rows.push(Row::part(name, "each further group", many.further(one, MORE)));
    rows
}

/// Some sessions of a person, on one resource or on one each.
pub(super) async fn sessions(place: &Place, count: usize, is_one_group: bool) -> (Client, Vec<String>) {
    let mut resources = Vec::new();
    for number in 1..=(if is_one_group { count.min(1) } else { count }) {
        resources.push(place.resource(number).await);
    }
    let person = place.person("grace", &resources).await;
    let mut sessions = Vec::new();
    for number in 0..count {
        let resource = &resources[number.min(resources.len() - 1)];
        sessions.push(place.start(&person, resource, number).await);
    }
    (person, sessions)
}

/// What it costs to apply and to remove rules of one group, and to visit the group when nothing is to be done.
async fn rules(count: usize) -> (Cost, Cost, Cost) {
    let place = Place::new(TestApp::new().await).await;
    let (person, sessions) = sessions(&place, count, true).await;
    let rules = || place.app.cloud.groups().iter().map(|(_, rules)| rules.len()).sum::<usize>();
    let ((), applied) = metered(&place.app, place.work([group(1)])).await;
    assert_eq!(rules(), count, "one look applies all");
    let ((), idle) = metered(&place.app, place.work([group(1)])).await;
    for id in &sessions {
        let _ = person.post_empty(&format!("/sessions/{id}/stop")).await.expect(200);
    }
    let ((), removed) = metered(&place.app, place.work([group(1)])).await;
    assert_eq!(rules(), 0, "one look removes all");
    (applied, removed, idle)
}

/// What a sweep costs at which so many sessions expire.
async fn expiries(count: usize) -> Cost {
    let place = Place::new(TestApp::new().await).await;
    let _ = sessions(&place, count, false).await;
    place.work((1..=count).map(group)).await;
    place.app.advance_seconds(3601);
    let (report, cost) = metered(&place.app, place.app.sweep()).await;
    assert_eq!(report["sessionsEnded"], count, "{report}");
    assert!(place.app.cloud.groups().iter().all(|(_, rules)| rules.is_empty()), "the rules are removed");
    cost
}

/// What it costs to end so many sessions by their timers, and what messages cost that come for the second time.
async fn timers(count: usize) -> (Cost, Cost) {
    let place = Place::new(TestApp::new().await).await;
    let (_, sessions) = sessions(&place, count, false).await;
    place.work((1..=count).map(group)).await;
    place.app.advance_seconds(3601);
    let mut costs = [Cost::default(); 2];
    for cost in &mut costs {
        for session in &sessions {
            place.app.timers.send(json!({"org": ORG, "sessionId": session}).to_string(), 1);
        }
        place.app.advance_seconds(1);
        let (were_any, metered) = metered(&place.app, place.app.deliver_ends()).await;
        assert!(were_any && place.app.timers.waiting().is_empty(), "every message is done");
        *cost = metered;
    }
    let [ended, passed] = costs;
    (ended, passed)
}

/// What a comparison costs of so many groups.
async fn comparisons(count: usize) -> Cost {
    let place = Place::new(TestApp::new().await).await;
    let _ = sessions(&place, count, false).await;
    place.work((1..=count).map(group)).await;
    place.app.advance_seconds(3601);
    let before = place.app.cloud.calls();
    let (_, cost) = metered(&place.app, place.app.reconcile()).await;
    let looks = place.app.cloud.calls() - before;
    assert!(looks >= count, "{looks} looks at {count} groups");
    cost
}
