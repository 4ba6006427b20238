//! How many starts one resource takes while transactions meet at items, as they do in DynamoDB.

use futures_util::future::join_all;
use model::session::Session;
use model::user::User;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use store::StoreError;
use support::sessions::{entered, start_as};
use support::{ORG, TestApp, actor};
use tokio::time::Instant;

use crate::world::World;
use support::ledger::faults;

/// How long DynamoDB is taken to be at a transaction.
const TRANSACTION: Duration = Duration::from_millis(15);

/// What became of starts that were offered at some rate.
#[derive(Debug)]
struct Outcome {
    started: Vec<Session>,
    busy: usize,
    /// Calls that met a transaction.
    conflicts: usize,
}

/// A resource that some people may open through one role.
struct Crowd {
    world: World,
    resource: String,
    people: Vec<Arc<User>>,
}

impl Crowd {
    async fn of(people: usize) -> Self {
        let world = World::of(TestApp::new().await).await;
        let (resource, admin) = (world.resource(1).await, world.app.admin());
        let role = admin.new_role("Crowd").await;
        let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
        let mut crowd = Vec::new();
        for number in 0..people {
            let id = format!("person-{number}");
            let _ = entered(&world.app.db, ORG, &id, world.app.now()).await;
            let _ = admin.post_empty(&format!("/roles/{role}/users/{id}")).await.expect(200);
            let user = world.app.db.user(&actor(ORG).org, &model::id::UserId::parse(&id).unwrap()).await;
            crowd.push(Arc::new(user.unwrap().unwrap().value));
        }
        Self { world, resource, people: crowd }
    }

    /// Offers a start of each person, so many a second, each from an address of their own.
    async fn offer(&self, per_second: u32) -> Outcome {
        let (app, mut starts) = (&self.world.app, Vec::new());
        app.tap.switch_conflicts(Some(TRANSACTION));
        let (began, met) = (Instant::now(), app.tap.conflicts());
        for (user, number) in self.people.iter().zip(0_u32..) {
            tokio::time::sleep_until(began + Duration::from_secs(1) * number / per_second).await;
            let (db, user, now) = (app.db.clone(), Arc::clone(user), app.now());
            let body = json!({
                "resourceIds": [self.resource], "ipv4Address": format!("20.1.{}.{}", number / 250, number % 250 + 1),
            });
            starts.push(tokio::spawn(async move {
                let own = Instant::now();
                (start_as(&db, (ORG, &user, false), body, now).await, own.elapsed())
            }));
        }
        let (mut started, mut busy, mut slowest) = (Vec::new(), 0, Duration::ZERO);
        for one in join_all(starts).await {
            let (outcome, took) = one.unwrap();
            slowest = slowest.max(took);
            match outcome {
                Ok(session) => started.push(session),
                Err(StoreError::Busy(_)) => busy += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
        let (conflicts, took) = (app.tap.conflicts() - met, began.elapsed());
        app.tap.switch_conflicts(None);
        println!(
            "offered {per_second}/s: {} started, {busy} refused with 503, {conflicts} conflicts, the slowest took {slowest:?}, \
             all {took:?}",
            started.len(),
        );
        Outcome { started, busy, conflicts }
    }
}

/// Whatever the rate: who is not let in is told so, and what is counted is what was started.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_starts_on_one_resource_each_is_carried_out_or_refused() {
    let crowd = Crowd::of(60).await;
    let outcome = crowd.offer(200).await;
    assert_eq!(outcome.started.len() + outcome.busy, 60, "{outcome:?}");
    assert!(outcome.conflicts > 0 && !outcome.started.is_empty(), "{outcome:?}");
    let started = i64::try_from(outcome.started.len()).unwrap();
    assert_eq!(crowd.world.live(&crowd.resource).await, started);
    assert_eq!(faults(&crowd.world.app).await, Vec::<String>::new());
    let path = format!("/resources/{}", crowd.resource);
    let refused = crowd.world.app.admin().delete(&path).await.expect(400);
    assert_eq!(refused.json["error"], "RESOURCE_IN_USE");
}

/// What docs/operations.md says of the rate at which one resource takes starts.
#[cfg(feature = "large")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_starts_a_second_on_one_resource_are_all_carried_out() {
    for (rate, most_refused) in [(20, 0), (40, 20), (60, 60), (100, 100), (200, 140)] {
        let outcome = Crowd::of(200).await.offer(rate).await;
        assert!(outcome.busy <= most_refused, "{rate} a second: {outcome:?}");
    }
}
