//! How many starts one resource takes while transactions meet at items, as they do in DynamoDB.
//!
//! What counts is how many transactions are under way at once, and what they have in common. A machine that cannot carry out so many
//! starts a second gets them more slowly, while transactions take longer in the same measure: as many meet. The pauses between
//! attempts stay as they are, so that a slow machine sees more conflicts, and never fewer. What still depends on the machine is how
//! evenly it offers them.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use model::session::Session;
use model::user::User;
use serde_json::{Value, json};
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

/// Starts by which the machine is measured.
const MEASURED: u32 = 5;

/// What became of starts that were offered at some rate.
#[derive(Debug)]
struct Outcome {
    started: Vec<Session>,
    busy: usize,
    /// Calls that met a transaction.
    conflicts: usize,
    /// The answer to a deletion in the middle.
    deletion: (u16, Value),
}

/// A resource that some people may open through one role.
struct Crowd {
    world: World,
    resource: String,
    people: Vec<Arc<User>>,
    /// How long this machine takes for a start.
    own: Duration,
}

impl Crowd {
    async fn of(people: usize) -> Self {
        let world = World::of(TestApp::new().await).await;
        let (resource, other, admin) = (world.resource(1).await, world.resource(2).await, world.app.admin());
        let role = admin.new_role("Crowd").await;
        for id in [&resource, &other] {
            let _ = admin.post_empty(&format!("/roles/{role}/resources/{id}")).await.expect(200);
        }
        let mut crowd = Vec::new();
        for number in 0..people {
            let id = format!("person-{number}");
            let _ = entered(&world.app.db, ORG, &id, world.app.now()).await;
            let _ = admin.post_empty(&format!("/roles/{role}/users/{id}")).await.expect(200);
            let user = world.app.db.user(&actor(ORG).org, &model::id::UserId::parse(&id).unwrap()).await;
            crowd.push(Arc::new(user.unwrap().unwrap().value));
        }
        let mut crowd = Self { world, resource: other, people: crowd, own: Duration::ZERO };
        let began = Instant::now();
        for number in 0..MEASURED {
            let _ = crowd.start(number).await.0.unwrap();
        }
        crowd.own = began.elapsed() / MEASURED;
        Self { resource, ..crowd }
    }

    /// The same on a resource of a version without shards.
    async fn on_a_resource_from_before(people: usize) -> Self {
        let crowd = Self::of(people).await;
        #[expect(clippy::disallowed_methods, reason = "what another version has written")]
        let update = crowd.world.app.dynamodb.update_item().table_name(&crowd.world.app.table);
        let text = |text: String| AttributeValue::S(text);
        update
            .key("pk", text(format!("ORG#{ORG}#RESOURCE#{}", crowd.resource)))
            .key("sk", text("#RESOURCE".into()))
            .update_expression("SET live = :zero REMOVE shards")
            .expression_attribute_values(":zero", AttributeValue::N("0".into()))
            .send()
            .await
            .unwrap();
        crowd
    }

    fn start(
        &self,
        number: u32,
    ) -> impl Future<Output = (Result<Session, StoreError>, Duration)> + Send + 'static {
        let (app, user) = (&self.world.app, Arc::clone(&self.people[number as usize]));
        let (db, now) = (app.db.clone(), app.now());
        let address = format!("20.1.{}.{}", number / 250, number % 250 + 1);
        let body = json!({"resourceIds": [self.resource], "ipv4Address": address});
        async move {
            let own = Instant::now();
            (start_as(&db, (ORG, &user, false), body, now).await, own.elapsed())
        }
    }

    /// So many times as slowly as it should, this machine carries out this many starts a second, and has time to spare.
    fn slowness(&self, per_second: u32) -> u32 {
        (self.own * 2 * per_second).as_secs_f64().ceil().clamp(1.0, 30.0) as u32
    }

    /// Offers a start of each person, so many a second, each from an address of their own, and a deletion of the resource among them.
    async fn offer(&self, per_second: u32) -> Outcome {
        let slowed = self.slowness(per_second);
        let (app, mut starts) = (&self.world.app, Vec::new());
        app.proxy.switch_conflicts(Some(TRANSACTION * slowed));
        let (began, met, people) = (Instant::now(), app.proxy.conflicts(), self.people.len() as u32);
        let mut deletion = None;
        for number in 0..people {
            tokio::time::sleep_until(began + Duration::from_secs(1) * number * slowed / per_second).await;
            starts.push(tokio::spawn(self.start(number)));
            if number == people / 2 {
                let (admin, path) = (app.admin(), format!("/resources/{}", self.resource));
                deletion = Some(tokio::spawn(async move { admin.delete(&path).await }));
            }
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
        let deletion = deletion.unwrap().await.unwrap();
        let (conflicts, took) = (app.proxy.conflicts() - met, began.elapsed());
        app.proxy.switch_conflicts(None);
        println!(
            "offered {per_second}/s, slowed {slowed} times: {} started, {busy} refused with 503, {conflicts} conflicts, the slowest \
             took {slowest:?}, all {took:?}",
            started.len(),
        );
        Outcome {
            started,
            busy,
            conflicts,
            deletion: (deletion.status.as_u16(), deletion.json["error"].clone()),
        }
    }

    /// Each start was carried out, with few conflicts, and counts; the resource was in use.
    async fn assert_all_started(&self, outcome: &Outcome) {
        let people = self.people.len();
        assert_eq!((outcome.started.len(), outcome.busy), (people, 0), "{outcome:?}");
        assert!(outcome.conflicts < 2 * people, "a start meets others: {outcome:?}");
        assert_eq!(outcome.deletion, (400, json!("RESOURCE_IN_USE")));
        assert_eq!(self.world.live(&self.resource).await, i64::try_from(people).unwrap());
        assert_eq!(faults(&self.world.app).await, Vec::<String>::new());
        let path = format!("/resources/{}", self.resource);
        let refused = self.world.app.admin().delete(&path).await.expect(400);
        assert_eq!(refused.json["error"], "RESOURCE_IN_USE");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_starts_a_second_on_one_resource_are_all_carried_out() {
    let crowd = Crowd::of(100).await;
    crowd.assert_all_started(&crowd.offer(200).await).await;
}

/// The first start marks it, and the others do not wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn so_are_those_on_a_resource_from_before() {
    let crowd = Crowd::on_a_resource_from_before(100).await;
    crowd.assert_all_started(&crowd.offer(200).await).await;
}

/// What docs/operations.md says of the rate at which one resource takes starts.
#[cfg(feature = "large")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_hundred_a_second_are_carried_out_too() {
    for rate in [20, 40, 60, 100, 200, 400] {
        let crowd = Crowd::of(300).await;
        crowd.assert_all_started(&crowd.offer(rate).await).await;
    }
}
