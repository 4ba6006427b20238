//! Events that come twice, late, in the wrong order, or that nobody can read.

use firewall::simulated::{Fault, Gate, Operation};
use serde_json::{Value, json};
use support::{InFunction as _, ORG, TestApp, org};
use web::Worker;
use workers::RuleWorker;

use crate::world::{World, group, row_states, shown, start};
use support::ledger::unrest;

fn rule_worker() -> Worker {
    functions::workers().into_iter().find(|(name, _)| *name == "rule-worker").unwrap().1
}

/// Every record that the stream has so far.
fn records(app: &TestApp) -> Vec<Value> {
    app.aws.changes(&app.table, None, 1000).unwrap()
}

async fn deliver(app: &TestApp, records: &[Value]) -> Value {
    rule_worker().run(&app.app, json!({"Records": records})).in_function("rule-worker").await.unwrap()
}

/// A session from its start to its end, with what the stream said meanwhile.
async fn history() -> (World, Vec<Value>) {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let person = world.person("grace", &[&resource]).await;
    let session = start(&person, json!({})).await;
    world.app.settle().await;
    let _ =
        person.post_empty(&format!("/sessions/{}/stop", session["id"].as_str().unwrap())).await.expect(200);
    world.app.settle().await;
    let records = records(&world.app);
    assert!(records.len() > 10);
    (world, records)
}

#[tokio::test]
async fn old_news_changes_nothing_in_any_order() {
    let (world, mut records) = history().await;
    let (cloud, before) = (world.app.cloud.groups(), world.app.db_objects().await);
    for _ in 0..2 {
        assert_eq!(deliver(&world.app, &records).await, json!({"batchItemFailures": []}));
        records.reverse();
    }
    assert_eq!(world.app.cloud.groups(), cloud);
    assert_eq!(world.app.db_objects().await, before);
}

#[tokio::test]
async fn the_news_of_an_end_does_not_end_the_next_session() {
    let (world, old) = history().await;
    let admin = world.app.admin();
    let person = world.app.bearer(&world.app.token("grace", ORG, &["USER"]));
    let session = start(&person, json!({})).await;
    world.app.settle().await;
    let rules = world.rules(1);
    deliver(&world.app, &old).await;
    assert_eq!((world.rules(1), shown(&person, &session).await["status"].as_str()), (rules, Some("ACTIVE")));
    assert_eq!(admin.get("/rules").await.json.as_array().unwrap().len(), 1);
    assert_eq!(unrest(&world.app).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_record_of_another_shape_has_its_group_visited_like_the_others() {
    let world = World::new().await;
    let mut people = Vec::new();
    for number in 1..=3 {
        let resource = world.resource(number).await;
        let person = world.person(&format!("person{number}"), &[&resource]).await;
        people.push((start(&person, json!({})).await, person));
    }
    let mut wanted: Vec<Value> = records(&world.app);
    wanted.retain(|record| record["dynamodb"]["NewImage"]["entity"]["S"] == "RULE");
    wanted[1]["dynamodb"]["NewImage"]["shape"]["N"] = json!("2");
    let left = deliver(&world.app, &wanted).await;
    assert_eq!(left, json!({"batchItemFailures": []}));
    let mut states = Vec::new();
    for (session, person) in &people {
        states.push(row_states(&shown(person, session).await)[0].to_owned());
    }
    assert_eq!(states, ["APPLIED", "APPLIED", "APPLIED"]);
    assert!(
        rule_worker()
            .run(&world.app.app, json!({"Records": [{"dynamodb": {}}]}))
            .in_function("rule-worker")
            .await
            .is_err()
    );
}

/// The session is stopped while its rule is being made. The worker that makes it holds the lease of the group.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_during_the_application_ends_with_no_rule() {
    let world = World::of(TestApp::new().await).await;
    let resource = world.resource(1).await;
    let person = world.person("grace", &[&resource]).await;
    let session = start(&person, json!({})).await;
    let gate = Gate::default();
    world.app.cloud.fault_next_of(Operation::Authorize, Fault::Delay(gate.clone()));
    let (context, now) = (world.app.worker_context(), world.app.now());
    let groups = || [(org(ORG), group(1))];
    let applying =
        tokio::spawn(
            async move { RuleWorker::new(context).run(groups(), now).in_function("rule-worker").await },
        );
    gate.reached().await;
    let _ =
        person.post_empty(&format!("/sessions/{}/stop", session["id"].as_str().unwrap())).await.expect(200);
    let (report, again) =
        RuleWorker::new(world.app.worker_context()).run(groups(), now).in_function("rule-worker").await;
    assert_eq!((report.groups_busy, again.len()), (1, 0), "the holder of the lease looks once more");
    gate.open();
    let (report, _) = applying.await.unwrap();
    assert_eq!((report.applied, report.removed), (1, 1));
    assert!(world.rules(1).is_empty());
    assert_eq!(shown(&person, &session).await["status"], "CANCELLED");
    assert_eq!(unrest(&world.app).await, Vec::<String>::new());
}
