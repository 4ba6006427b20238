//! A rule is gone only when that is certain, and there only when a look has shown it: whatever looks show late, answers leave out,
//! and other people do to the rules.

use firewall::simulated::{Call, Fault, Gate};
use serde_json::{Value, json};
use support::{Client, ORG, TestApp, org};
use workers::{RuleReconciler, RuleWorker, SessionSweeper, Tools};

use crate::double::Misbehaving;
use crate::world::{SOURCE, World, group, shown, start};
use support::ledger::unrest;

/// A resource on group 1, a person who may open it, and a cloud that can misbehave.
struct Scene {
    world: World,
    person: Client,
    cloud: Misbehaving,
}

impl Scene {
    async fn new() -> Self {
        let world = World::of(TestApp::new().await).await;
        let resource = world.resource(1).await;
        let person = world.person("grace", &[&resource]).await;
        let cloud = Misbehaving::of(&world);
        Self { world, person, cloud }
    }

    fn tools(&self) -> Tools {
        self.cloud.tools(&self.world)
    }

    async fn start(&self) -> Value {
        start(&self.person, json!({"durationHours": 8})).await
    }

    async fn stop(&self, session: &Value) {
        let path = format!("/sessions/{}/stop", session["id"].as_str().unwrap());
        let _ = self.person().post_empty(&path).await.expect(200);
    }

    /// The person, with a token of this moment.
    fn person(&self) -> Client {
        self.world.app.bearer(&self.world.app.token("grace", ORG, &["USER"]))
    }

    async fn status(&self, session: &Value) -> String {
        shown(&self.person(), session).await["status"].as_str().unwrap().to_owned()
    }

    async fn work(&self) {
        let worker = RuleWorker::new(self.tools());
        let _ = worker.run([(org(ORG), group(1))], self.world.app.now()).await;
    }

    /// A sweep a minute, so many times.
    async fn sweeps(&self, minutes: usize) {
        for _ in 0..minutes {
            self.world.app.advance_seconds(60);
            let _ = SessionSweeper::new(self.tools()).run(self.world.app.now()).await.unwrap();
        }
    }

    /// After so many minutes of sweeps nothing is open, and nothing is left.
    async fn ends_within(&self, minutes: usize, session: &Value) {
        self.sweeps(minutes).await;
        assert_eq!(self.world.addresses(1), Vec::<String>::new(), "after {minutes} minutes");
        assert_eq!(self.status(session).await, "CANCELLED");
        assert_eq!(unrest(&self.world.app).await, Vec::<String>::new());
    }

    /// Somebody takes the tag off the only rule.
    fn take_the_tag_off(&self) {
        let id = self.world.rules(1)[0].id.clone();
        self.world.app.sky.edit_rule(&group(1), &id, |rule| rule.tag = None);
    }
}

#[tokio::test]
async fn a_rule_without_its_tag_is_not_forgotten_when_its_removal_gets_lost() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    scene.take_the_tag_off();
    scene.world.app.sky.fault_next_of(Call::Revoke, Fault::Lose);
    scene.stop(&session).await;
    scene.work().await;
    assert_eq!(scene.status(&session).await, "EXPIRING");
    scene.ends_within(2, &session).await;
}

#[tokio::test]
async fn a_rule_without_its_tag_is_stuck_when_its_removal_is_denied() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    scene.take_the_tag_off();
    scene.cloud.deny_removals(true);
    scene.stop(&session).await;
    scene.work().await;
    assert_eq!(scene.world.ledger().await[0]["state"], "STUCK");
    // The next session of the same address takes it for what it is, and does not leave it behind.
    scene.cloud.deny_removals(false);
    let next = scene.start().await;
    scene.work().await;
    assert_eq!(scene.status(&next).await, "ACTIVE");
    scene.stop(&next).await;
    scene.work().await;
    scene.ends_within(1, &next).await;
}

#[tokio::test]
async fn a_rule_that_was_made_and_is_not_visible_yet_is_not_gone() {
    let scene = Scene::new().await;
    scene.cloud.freeze(&group(1));
    let session = scene.start().await;
    scene.work().await;
    assert_eq!((scene.status(&session).await.as_str(), scene.world.rules(1).len()), ("PENDING", 1));
    scene.stop(&session).await;
    scene.work().await;
    assert_eq!(scene.status(&session).await, "EXPIRING");
    scene.cloud.thaw();
    scene.ends_within(3, &session).await;
}

#[tokio::test]
async fn a_call_that_arrives_after_the_stop_leaves_no_rule() {
    for minutes_under_way in [0, 1] {
        let scene = Scene::new().await;
        scene.cloud.make_late(true);
        let session = scene.start().await;
        scene.work().await;
        scene.stop(&session).await;
        scene.work().await;
        scene.sweeps(minutes_under_way).await;
        scene.cloud.arrive().await;
        assert_eq!(scene.world.rules(1).len(), 1);
        scene.ends_within(3, &session).await;
    }
}

#[tokio::test]
async fn a_second_call_that_arrives_after_the_removal_leaves_no_rule() {
    let scene = Scene::new().await;
    scene.cloud.make_late(true);
    let session = scene.start().await;
    scene.work().await;
    // The next attempt succeeds, and the first is still under way.
    scene.cloud.make_late(false);
    scene.world.app.advance_seconds(11);
    scene.work().await;
    assert_eq!(scene.status(&session).await, "ACTIVE");
    scene.stop(&session).await;
    scene.work().await;
    scene.cloud.arrive().await;
    assert_eq!(scene.world.rules(1).len(), 1);
    scene.ends_within(3, &session).await;
}

#[tokio::test]
async fn a_removal_that_is_still_visible_does_not_make_the_next_session_active() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    scene.cloud.freeze(&group(1));
    scene.stop(&session).await;
    scene.work().await;
    assert!(scene.world.rules(1).is_empty());
    let next = scene.start().await;
    scene.work().await;
    let status = scene.status(&next).await;
    assert!(status == "PENDING" && scene.world.rules(1).len() == 1, "{status}");
    scene.cloud.thaw();
    scene.sweeps(1).await;
    assert_eq!(scene.status(&next).await, "ACTIVE");
    assert_eq!(unrest(&scene.world.app).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_stuck_rule_that_somebody_removed_does_not_make_the_next_session_active() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    scene.world.app.sky.deny("AKIA1");
    scene.stop(&session).await;
    scene.work().await;
    let id = scene.world.rules(1)[0].id.clone();
    scene.world.app.sky.remove_rule(&group(1), &id);
    scene.world.app.sky.allow("AKIA1");
    let next = scene.start().await;
    scene.work().await;
    assert_eq!((scene.status(&next).await.as_str(), scene.world.rules(1).len()), ("ACTIVE", 1));
}

#[tokio::test]
async fn one_leaves_and_one_joins_a_full_group_in_the_same_visit() {
    let scene = Scene::new().await;
    let mut sessions = Vec::new();
    for number in 1..=60 {
        let body = json!({"ipv4Address": format!("198.51.100.{number}")});
        sessions.push(start(&scene.person, body).await);
    }
    scene.work().await;
    assert_eq!(scene.world.rules(1).len(), 60);
    scene.stop(&sessions[0]).await;
    let next = start(&scene.person, json!({"ipv4Address": "198.51.100.61"})).await;
    scene.work().await;
    assert_eq!((scene.status(&next).await.as_str(), scene.world.rules(1).len()), ("ACTIVE", 60));
}

#[tokio::test]
async fn a_rule_goes_with_the_value_that_made_it() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    let credential = scene.world.credential.clone();
    let other = firewall::AccountId::from_number(2);
    scene.world.app.sky.put_key_into_account("AKIA2", other);
    let replace = async |key: &str| {
        let value = json!({"accessKeyId": key, "secretAccessKey": "s"});
        let body = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
        let _ = scene.world.app.admin().put(&format!("/credentials/{credential}/"), body).await.expect(200);
    };
    replace("AKIA2").await;
    scene.stop(&session).await;
    scene.work().await;
    assert!(scene.world.rules(1).is_empty(), "the former value reaches its account");
    scene.ends_within(12, &session).await;
}

/// Nobody has the former value any more: the rule is shown as stuck, and is removed when the account can be reached again.
#[tokio::test]
async fn a_rule_in_an_account_that_nobody_reaches_is_stuck_and_not_forgotten() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    let other = firewall::AccountId::from_number(2);
    scene.world.app.sky.put_key_into_account("AKIA1", other);
    scene.stop(&session).await;
    scene.work().await;
    scene.sweeps(2).await;
    let stuck = scene.world.ledger().await;
    assert_eq!((stuck[0]["state"].as_str(), scene.world.rules(1).len()), (Some("STUCK"), 1));
    let why = stuck[0]["lastError"].as_str().unwrap();
    assert!(
        why.contains("made in account 000000000001") && why.contains("reaches account 000000000002"),
        "{why}"
    );
    scene.world.app.sky.put_key_into_account("AKIA1", firewall::AccountId::from_number(1));
    scene.world.app.advance_seconds(25 * 3600);
    scene.ends_within(1, &session).await;
}

/// A rule of somebody else that a stale look does not show does not become ours, and is not removed.
#[tokio::test]
async fn a_rule_of_somebody_else_stays_whatever_a_look_does_not_show() {
    let scene = Scene::new().await;
    let ingress = model::ingress::Ingress::parse(&format!("{SOURCE}|tcp|22-22"));
    let version = Some(model::ingress::IpVersion::V4);
    let rule = firewall::CloudRule { id: String::new(), ingress, version, tag: None };
    let theirs = scene.world.app.sky.add_rule(&group(1), rule);
    let session = scene.start().await;
    scene.work().await;
    assert_eq!(scene.status(&session).await, "ACTIVE");
    scene.cloud.show(&group(1), Vec::new());
    scene.world.app.advance_seconds(3600);
    let report = RuleReconciler::new(scene.tools()).run(scene.world.app.now()).await.unwrap();
    assert_eq!(report.missing, 1);
    scene.stop(&session).await;
    scene.work().await;
    scene.cloud.thaw();
    scene.sweeps(3).await;
    assert_eq!(scene.world.rules(1).iter().map(|rule| &rule.id).collect::<Vec<_>>(), [&theirs]);
    assert_eq!(scene.status(&session).await, "CANCELLED");
    assert_eq!(unrest(&scene.world.app).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_comparison_looks_with_every_credential_of_the_group() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let admin = world.app.admin();
    let value = json!({"accessKeyId": "AKIA2", "secretAccessKey": "s"});
    let body = json!({"name": "Second", "credential_type": "ACCESS_KEY", "value": value});
    let second = admin.post("/credentials/", body).await.expect(201).id();
    let body = json!({
        "name": "Second", "credentialId": second, "provider": "AWS", "resourceType": "SECURITY_GROUP",
        "resourceIdentifier": group(1).group_id, "region": group(1).region, "config": {"port": 443},
    });
    let resource = admin.post("/resources", body).await.expect(201).id();
    let _ = admin.post_empty(&format!("/resources/{resource}/verify")).await.expect(200);
    let ada = world.person("ada", &[&resource]).await;
    let _ = scene.start().await;
    let session = start(&ada, json!({"durationHours": 8})).await;
    scene.work().await;
    assert_eq!(world.rules(1).len(), 2);
    for denied in ["AKIA1", "AKIA2"] {
        world.app.sky.deny(denied);
        let lost = world.rules(1).into_iter().find(|rule| rule.tag.is_some()).unwrap();
        let orphan = firewall::CloudRule {
            ingress: model::ingress::Ingress::parse("198.51.100.9|tcp|22-22"),
            tag: Some(firewall::RuleTag {
                rule: "019c9459-0000-7000-8000-000000000000".into(),
                ..lost.tag.unwrap()
            }),
            ..lost
        };
        world.app.sky.add_rule(&group(1), orphan);
        world.app.advance_seconds(3600);
        let report = RuleReconciler::new(scene.tools()).run(world.app.now()).await.unwrap();
        assert_eq!((report.orphans, report.groups_unseen), (1, 0), "{denied} is denied: {report:?}");
        world.app.sky.allow(denied);
    }
    let ada = world.app.bearer(&world.app.token("ada", ORG, &["USER"]));
    assert_eq!(shown(&ada, &session).await["status"], "ACTIVE");
}

/// The clock of the second worker is a minute ahead, so that the lease of the first looks as if it were over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_a_minute_ahead_leaves_no_rule_without_an_entry() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    let gate = Gate::default();
    scene.world.app.sky.fault_next_of(Call::Authorize, Fault::Delay(gate.clone()));
    let (tools, now) = (scene.tools(), scene.world.app.now());
    let applying = tokio::spawn(async move { RuleWorker::new(tools).run([(org(ORG), group(1))], now).await });
    gate.reached().await;
    scene.stop(&session).await;
    let ahead = now.plus_seconds(60);
    let _ = RuleWorker::new(scene.tools()).run([(org(ORG), group(1))], ahead).await;
    assert_eq!(scene.status(&session).await, "EXPIRING");
    gate.open();
    let _ = applying.await.unwrap();
    scene.ends_within(3, &session).await;
}

#[tokio::test]
async fn a_late_stream_opens_nothing_for_a_session_that_is_over() {
    let scene = Scene::new().await;
    let session = start(&scene.person, json!({"durationMinutes": 1})).await;
    scene.world.app.advance_seconds(3600);
    scene.work().await;
    assert_eq!(scene.cloud.calls("AKIA1"), 1, "a look, and nothing else");
    assert!(scene.world.rules(1).is_empty());
    assert_eq!(scene.status(&session).await, "EXPIRED");
    assert_eq!(unrest(&scene.world.app).await, Vec::<String>::new());
}

/// The entry of the first session is gone, and a look that is older than its removal shows its rule to the next one.
#[tokio::test]
async fn the_rule_of_an_entry_that_is_gone_does_not_make_the_next_session_active() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    let old = scene.world.rules(1);
    scene.stop(&session).await;
    scene.work().await;
    assert!(scene.world.ledger().await.is_empty() && scene.world.rules(1).is_empty());
    scene.cloud.show(&group(1), old);
    let next = scene.start().await;
    scene.work().await;
    assert_eq!((scene.status(&next).await.as_str(), scene.world.rules(1).len()), ("PENDING", 1));
    scene.cloud.thaw();
    scene.sweeps(1).await;
    assert_eq!(scene.status(&next).await, "ACTIVE");
    assert_eq!(unrest(&scene.world.app).await, Vec::<String>::new());
}

/// An orphan of an earlier entry is really there: it is not adopted, because the comparison may be removing it.
#[tokio::test]
async fn an_orphan_is_replaced_and_not_adopted() {
    let scene = Scene::new().await;
    let ingress = model::ingress::Ingress::parse(&format!("{SOURCE}|tcp|22-22"));
    let version = Some(model::ingress::IpVersion::V4);
    let rule = "019c9459-0000-7000-8000-000000000000".into();
    let tag = Some(firewall::RuleTag { deployment: None, org: ORG.into(), rule });
    let orphan = firewall::CloudRule { id: String::new(), ingress, version, tag };
    let orphan = scene.world.app.sky.add_rule(&group(1), orphan);
    let session = scene.start().await;
    scene.work().await;
    assert_eq!(scene.status(&session).await, "ACTIVE");
    let rules = scene.world.rules(1);
    assert!(rules.len() == 1 && rules[0].id != orphan, "{rules:?}");
}

/// The run had lasted for 40 seconds when the call was sent, and the clock of the next worker is a minute ahead.
#[tokio::test]
async fn a_call_at_the_end_of_a_run_is_waited_for_by_a_clock_that_is_ahead() {
    let scene = Scene::new().await;
    scene.cloud.make_late(true);
    let session = scene.start().await;
    scene.work().await;
    scene.stop(&session).await;
    for seconds in [11, 101, 130] {
        let ahead = scene.world.app.now().plus_seconds(seconds);
        let _ = RuleWorker::new(scene.tools()).run([(org(ORG), group(1))], ahead).await;
        assert_eq!(scene.status(&session).await, "EXPIRING", "{seconds}");
    }
    scene.cloud.arrive().await;
    scene.ends_within(6, &session).await;
}

#[tokio::test]
async fn a_provider_that_is_always_too_slow_makes_the_rule_stuck() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    scene.cloud.hang("AKIA1");
    scene.stop(&session).await;
    let quick = workers::Pace { visit: std::time::Duration::from_millis(100), ..workers::Pace::SCHEDULE };
    for _ in 0..20 {
        scene.world.app.advance_seconds(61);
        let sweeper = SessionSweeper::new(scene.tools()).at_pace(quick);
        let _ = sweeper.run(scene.world.app.now()).await.unwrap();
    }
    let stuck = scene.world.ledger().await;
    assert_eq!(stuck[0]["state"], "STUCK", "{stuck:?}");
    assert!(stuck[0]["lastError"].as_str().unwrap().contains("no answer"));
    scene.cloud.heal();
    scene.world.app.advance_seconds(600);
    scene.ends_within(2, &session).await;
}

#[tokio::test]
async fn a_credential_that_cannot_be_read_makes_the_rule_stuck() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    scene.world.set_shape("CREDENTIAL", 2).await;
    scene.stop(&session).await;
    scene.work().await;
    let stuck = scene.world.ledger().await;
    assert_eq!((stuck[0]["state"].as_str(), scene.world.rules(1).len()), (Some("STUCK"), 1));
    scene.world.set_shape("CREDENTIAL", 1).await;
    scene.world.app.advance_seconds(25 * 3600);
    scene.ends_within(1, &session).await;
}
