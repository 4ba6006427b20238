//! A crowd at one moment.

use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use store::StoreError;
use support::sessions::{entered, start};
use support::{InFunction as _, ORG, TestApp, org};
use tokio::time::Instant;
use workers::{Pace, RuleWorker};

use crate::world::{World, group};
use support::ledger::{faults, unrest};

/// All of them share one address, so that they meet at thirty counts and at thirty rules.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_people_start_at_the_same_moment() {
    const PEOPLE: usize = 200;
    const RESOURCES: usize = 30;
    let world = World::of(TestApp::new().await).await;
    let mut resources = Vec::new();
    for number in 1..=RESOURCES {
        resources.push(world.resource(number).await);
    }
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let now = world.app.now();
        people.push(Arc::new(entered(&world.app.db, ORG, &format!("person-{number}"), now).await));
    }
    let body = Arc::new(json!({"resourceIds": resources}));
    world.app.proxy.take_calls();
    let starts: Vec<_> = people
        .into_iter()
        .map(|user| {
            let (db, body, now) = (world.app.db.clone(), Arc::clone(&body), world.app.now());
            tokio::spawn(async move {
                let began = Instant::now();
                let started = start(&db, &user, (*body).clone(), now).await;
                (started.map(drop), began.elapsed())
            })
        })
        .collect();
    let mut slowest = Duration::ZERO;
    for start in starts {
        let (started, took): (Result<(), StoreError>, Duration) = start.await.unwrap();
        started.unwrap();
        slowest = slowest.max(took);
    }
    let calls = world.app.proxy.take_calls();
    let retries = calls.iter().filter(|call| *call == "TransactWriteItems").count() - PEOPLE;
    println!("{PEOPLE} starts over {RESOURCES} resources: {retries} retries, the slowest took {slowest:?}");
    assert_eq!(faults(&world.app).await, Vec::<String>::new());
    for resource in &resources {
        assert_eq!(world.live(resource).await, i64::try_from(PEOPLE).unwrap());
    }
    let groups: BTreeSet<_> = (1..=RESOURCES).map(|number| (org(ORG), group(number))).collect();
    // How long it takes is not the question here.
    let hour = Duration::from_secs(3600);
    let worker = RuleWorker::new(world.app.worker_context()).at_pace(Pace { visit: hour, run: hour });
    let (report, _) = worker.run(groups, world.app.now()).in_function("rule-worker").await;
    assert_eq!(report.applied, RESOURCES);
    assert_eq!(unrest(&world.app).await, Vec::<String>::new());
}
