//! One account that is slow, dead or throttled keeps nobody else waiting.
//!
//! A call to a dead account hangs until the visit is given up. The visits here are given up after a tenth of a second, so that the
//! model of minutes takes seconds: what counts is who was asked, and in which order.

use model::ingress::GroupRef;
use serde_json::{Value, json};
use std::time::Duration;
use store::Finding;
use support::{InFunction as _, ORG, OTHER_ORG, TestApp, org};
use workers::{CircuitBreaker, Pace, RuleReconciler, RuleWorker, SessionSweeper};

use crate::double::Misbehaving;
use crate::world::{World, group};

/// Visits are given up early, and runs have their whole time.
const QUICK: Pace = Pace { visit: Duration::from_millis(600), run: Duration::from_secs(40) };

/// The group of the organization that is well. It is the last by every order but that of turns.
const WELL: usize = 9_999;

/// An organization with groups in an account without answers, and another one with one group in a healthy account.
struct Scene {
    world: World,
    cloud: Misbehaving,
    dead: Vec<GroupRef>,
}

impl Scene {
    /// So many groups whose rules wait, each with a session.
    async fn new(dead: usize) -> Self {
        let world = World::of(TestApp::new().await).await;
        let cloud = Misbehaving::of(&world);
        let mut groups = Vec::new();
        for number in 1..=dead {
            let resource = world.resource(number).await;
            world.hold_as(ORG, &resource).await;
            groups.push(group(number));
        }
        Self { world, cloud, dead: groups }
    }

    /// The other organization's session: its credential has another key.
    async fn other(&self) -> (support::Client, String) {
        let app = &self.world.app;
        let admin = app.bearer(&app.token("boss", OTHER_ORG, &["ORG_ADMIN"]));
        let value = json!({"accessKeyId": "AKIA2", "secretAccessKey": "s"});
        let body = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
        let credential = admin.post("/credentials/", body).await.expect(201).id();
        app.cloud.add_group(group(WELL));
        let body = json!({
            "name": "Well", "credentialId": credential, "provider": "AWS", "resourceType": "SECURITY_GROUP",
            "resourceIdentifier": group(WELL).group_id, "region": group(WELL).region, "config": {"port": 22},
        });
        let resource = admin.post("/resources", body).await.expect(201).id();
        let _ = admin.post_empty(&format!("/resources/{resource}/verify")).await.expect(200);
        let session = admin.post("/sessions", json!({"durationMinutes": 5})).await.expect(201).id();
        (admin, session)
    }

    fn batch(&self) -> Vec<(model::id::OrgId, GroupRef)> {
        let dead = self.dead.iter().map(|group| (org(ORG), group.clone()));
        dead.chain([(org(OTHER_ORG), group(WELL))]).collect()
    }

    fn is_open(&self) -> bool {
        self.world.rules(WELL).iter().any(|rule| rule.tag.as_ref().is_some_and(|tag| tag.org == OTHER_ORG))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_applies_another_organizations_rule_while_an_account_is_dead() {
    let scene = Scene::new(99).await;
    let _ = scene.other().await;
    scene.cloud.hang("AKIA1");
    let circuit = CircuitBreaker::default();
    let worker = || {
        RuleWorker::new(scene.cloud.worker_context(&scene.world)).at_pace(QUICK).with_circuit(circuit.clone())
    };
    let now = scene.world.app.now();
    let (report, again) = worker().run(scene.batch(), now).in_function("rule-worker").await;
    assert!(scene.is_open() && again.is_empty(), "{report:?}");
    // No more groups hang than are visited at once: this is all that a batch behind this one waits for.
    assert!(report.groups_timed_out <= 8 && scene.cloud.calls("AKIA1") <= 8, "{report:?}");
    assert_eq!(report.groups_timed_out + report.groups_postponed, 99);
    // A further batch of the same environment does not wait at all.
    let soon = now.plus_seconds(15);
    let (report, _) = worker().run(scene.batch(), soon).in_function("rule-worker").await;
    assert_eq!((report.groups_timed_out, report.groups_postponed), (0, 99));
    assert!(scene.cloud.calls("AKIA1") <= 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweep_ends_another_organizations_session_while_an_account_is_dead() {
    let scene = Scene::new(120).await;
    let (_, session) = scene.other().await;
    let now = scene.world.app.now();
    let _ = RuleWorker::new(scene.world.app.worker_context())
        .run(scene.batch(), now)
        .in_function("rule-worker")
        .await;
    scene.cloud.hang("AKIA1");
    // Everything ends at the same time, the dead organization's first.
    scene.world.app.advance_seconds(301);
    let sweeper = SessionSweeper::new(scene.cloud.worker_context(&scene.world)).at_pace(QUICK);
    let report = sweeper.run(scene.world.app.now()).in_function("session-sweeper").await.unwrap();
    assert!(!scene.is_open(), "{session} is still let in: {report:?}");
    assert!(report.groups_timed_out <= 16, "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_account_does_not_hold_up_another_of_the_same_organization() {
    let scene = Scene::new(60).await;
    let world = &scene.world;
    let admin = world.app.admin();
    let value = json!({"accessKeyId": "AKIA2", "secretAccessKey": "s"});
    let body = json!({"name": "Second", "credential_type": "ACCESS_KEY", "value": value});
    let second = admin.post("/credentials/", body).await.expect(201).id();
    world.app.cloud.put_key_into_account("AKIA2", firewall::AccountId::from_number(2));
    world.app.cloud.put_group_into_account(&group(WELL), firewall::AccountId::from_number(2));
    world.app.cloud.add_group(group(WELL));
    let body = json!({
        "name": "Well", "credentialId": second, "provider": "AWS", "resourceType": "SECURITY_GROUP",
        "resourceIdentifier": group(WELL).group_id, "region": group(WELL).region, "config": {"port": 22},
    });
    let resource = admin.post("/resources", body).await.expect(201).id();
    let _ = admin.post_empty(&format!("/resources/{resource}/verify")).await.expect(200);
    world.hold_as(ORG, &resource).await;
    let batch: Vec<_> =
        scene.dead.iter().cloned().chain([group(WELL)]).map(|group| (org(ORG), group)).collect();
    let _ = RuleWorker::new(world.app.worker_context())
        .run(batch, world.app.now())
        .in_function("rule-worker")
        .await;
    assert_eq!(world.rules(WELL).len(), 1);
    scene.cloud.throttle("AKIA1");
    world.app.advance_seconds(301);
    let sweeper = SessionSweeper::new(scene.cloud.worker_context(world)).at_pace(QUICK);
    let report = sweeper.run(world.app.now()).in_function("session-sweeper").await.unwrap();
    assert!(world.rules(WELL).is_empty() && report.groups_postponed > 0, "{report:?}");
}

/// Every group is compared within two hours, although the first sixty of them give no answer, and the runs have no time for all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_account_does_not_keep_other_groups_from_being_compared() {
    let scene = Scene::new(60).await;
    let (admin, session) = scene.other().await;
    let now = scene.world.app.now();
    let _ = RuleWorker::new(scene.world.app.worker_context())
        .run(scene.batch(), now)
        .in_function("rule-worker")
        .await;
    assert!(scene.is_open());
    let _ =
        admin.post(&format!("/sessions/{session}/extend"), json!({"additionalHours": 12})).await.expect(200);
    scene.cloud.hang("AKIA1");
    let lost = scene.world.rules(WELL)[0].id.clone();
    scene.world.app.cloud.remove_rule(&group(WELL), &lost);
    let slow = Pace { visit: Duration::from_millis(600), run: Duration::from_millis(700) };
    let mut runs = 0;
    while !scene.is_open() {
        scene.world.app.advance_seconds(300);
        runs += 1;
        assert!(runs <= 24, "it was not compared within two hours");
        let reconciler = RuleReconciler::new(scene.cloud.worker_context(&scene.world)).at_pace(slow);
        let _ = reconciler.run(scene.world.app.now()).in_function("rule-reconciler").await.unwrap();
    }
}

/// A comparison that did not see its group is no further away than one that did.
#[tokio::test]
async fn a_comparison_that_saw_nothing_is_postponed_like_every_other() {
    let scene = Scene::new(2).await;
    let now = scene.world.app.now();
    let groups: Vec<_> = scene.dead.iter().map(|group| (org(ORG), group.clone())).collect();
    let _ =
        RuleWorker::new(scene.world.app.worker_context()).run(groups, now).in_function("rule-worker").await;
    scene.world.app.cloud.deny("AKIA1");
    scene.world.app.advance_seconds(3600);
    let reconciler = RuleReconciler::new(scene.world.app.worker_context());
    let report = reconciler.run(scene.world.app.now()).in_function("rule-reconciler").await.unwrap();
    assert_eq!((report.groups, report.groups_unseen), (2, 2));
    let due: Vec<Value> = scene.world.app.db_table().await.into_values().collect();
    let due = due.iter().filter(|item| item["entity"] == "GROUP").map(|item| item["dueSk"].as_str().unwrap());
    let later = scene.world.app.now().plus_seconds(3300).unix_millis();
    assert!(due.clone().count() == 2 && due.clone().all(|at| at.ends_with(&later.to_string())));
}

/// Groups of an account that takes no calls make room on the list of what is due.
#[tokio::test]
async fn an_intent_is_recorded_only_by_the_holder_of_the_lease() {
    let scene = Scene::new(1).await;
    let (db, now) = (&scene.world.app.db, scene.world.app.now());
    let old = db.lease_group(&org(ORG), &group(1), now).await.unwrap().unwrap();
    let rule = db.rules_of_group(&old).await.unwrap().rules.remove(0);
    let new = db.lease_group(&org(ORG), &group(1), now.plus_seconds(61)).await.unwrap().unwrap();
    let intents = [(rule.clone(), Finding::of(&rule, now))];
    assert!(db.record_intents(&old, &intents).await.unwrap().is_none());
    assert_eq!(db.record_intents(&new, &intents).await.unwrap().unwrap().len(), 1);
    assert_eq!(db.record_intents(&new, &intents).await.unwrap().unwrap().len(), 0, "it has changed since");
}
