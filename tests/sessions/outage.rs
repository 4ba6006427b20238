//! The cloud is gone for six hours while a thousand sessions run out.

use serde_json::json;
use support::sessions::entered;
use support::{InFunction as _, ORG, TestApp, org};
use workers::{RuleWorker, SessionSweeper};

use crate::world::{World, group};
use support::ledger::unrest;

const GROUPS: usize = 40;
const SESSIONS_A_GROUP: usize = 25;

/// A thousand sessions that run out within ten minutes, their rules applied.
async fn thousand_sessions(world: &World) {
    let (db, now) = (&world.app.db, world.app.now());
    let user = entered(db, ORG, "grace", now).await;
    for number in 1..=GROUPS {
        let resource = world.resource(number).await;
        for address in 0..SESSIONS_A_GROUP {
            let body = json!({
                "resourceIds": [resource], "durationMinutes": 1 + (number + address) % 10,
                "ipv4Address": format!("198.51.100.{address}"),
            });
            support::sessions::start(db, &user, body, now).await.unwrap();
        }
    }
    let groups = (1..=GROUPS).map(|number| (org(ORG), group(number)));
    let (report, _) =
        RuleWorker::new(world.app.worker_context()).run(groups, now).in_function("rule-worker").await;
    assert_eq!(report.applied, GROUPS * SESSIONS_A_GROUP);
}

fn rules_in_the_cloud(world: &World) -> usize {
    world.app.cloud.groups().iter().map(|(_, rules)| rules.len()).sum()
}

/// Rules of sessions that ended more than so many seconds ago and that nobody has tried to remove.
async fn never_tried(world: &World, seconds: i64) -> usize {
    let table = world.app.db_table().await;
    let over = (world.app.now().unix_millis() - seconds * 1000, "SESSION");
    let late = table.values().filter(|item| {
        item["entity"] == over.1 && item["data"]["expiresAt"].as_i64().is_some_and(|at| at < over.0)
    });
    let late: Vec<_> =
        late.map(|item| item["pk"].as_str().unwrap().rsplit('#').next().unwrap().to_owned()).collect();
    let untried = table.values().filter(|item| item["entity"] == "RULE" && item["found"]["attempts"] == 0);
    let names = |item: &serde_json::Value| {
        let holders = item["leaving"].to_string() + &item["holders"].to_string();
        late.iter().any(|session| holders.contains(session.as_str()))
    };
    untried.filter(|item| names(item)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_rule_goes_when_the_cloud_is_back() {
    let world = World::of(TestApp::new().await).await;
    thousand_sessions(&world).await;
    world.app.cloud.set_down(true);
    let sweeper = SessionSweeper::new(world.app.worker_context());
    let mut ended = 0;
    for minute in 1..=12 {
        world.app.advance_seconds(60);
        ended += sweeper.run(world.app.now()).in_function("session-sweeper").await.unwrap().sessions_ended;
        assert_eq!(never_tried(&world, 90).await, 0, "in minute {minute}");
    }
    assert_eq!((ended, rules_in_the_cloud(&world)), (1000, 1000));
    // Six hours. The sweeps that nobody would miss are left out: a rule is tried every ten minutes at most.
    for _ in 0..35 {
        world.app.advance_seconds(600);
        let _ = sweeper.run(world.app.now()).in_function("session-sweeper").await.unwrap();
    }
    let stuck = world.app.bearer(&world.app.token("grace", ORG, &["ORG_ADMIN"]));
    let stuck = stuck.get("/rules?state=stuck").await.expect(200).json;
    let stuck = stuck.as_array().unwrap();
    assert_eq!(stuck.len(), 1000);
    assert!(stuck.iter().all(|rule| rule["lastError"].as_str().unwrap().contains("no answer")));
    world.app.cloud.set_down(false);
    let mut minutes = 0;
    while rules_in_the_cloud(&world) > 0 {
        world.app.advance_seconds(60);
        minutes += 1;
        let _ = sweeper.run(world.app.now()).in_function("session-sweeper").await.unwrap();
        assert!(minutes <= 15, "{} rules are left", rules_in_the_cloud(&world));
    }
    world.app.advance_seconds(60);
    let _ = sweeper.run(world.app.now()).in_function("session-sweeper").await.unwrap();
    assert_eq!(unrest(&world.app).await, Vec::<String>::new());
    println!("all rules were gone {minutes} minutes after the cloud's return");
}
