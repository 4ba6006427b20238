//! Several resources with credentials of their own stand on one rule: one that is refused fails nobody whose own is not.

use firewall::AccountId;
use serde_json::{Value, json};
use support::ledger::unrest;
use support::{Client, InFunction as _, ORG, TestApp, org};
use workers::{RuleWorker, SessionSweeper};

use crate::double::Misbehaving;
use crate::world::{REGION, World, group, row_states, shown, start};

/// People who open one port of one group from one address, each through a resource with a credential of its own: `AKIA1` and so on.
struct Scene {
    world: World,
    cloud: Misbehaving,
    people: Vec<String>,
}

impl Scene {
    async fn of(people: usize) -> Self {
        let world = World::of(TestApp::new().await).await;
        let cloud = Misbehaving::of(&world);
        let mut scene = Self { world, cloud, people: Vec::new() };
        scene.world.app.cloud.add_group(group(1));
        for number in 1..=people {
            let resource = scene.resource(number).await;
            let name = format!("person{number}");
            let _ = scene.world.person(&name, &[&resource]).await;
            scene.people.push(name);
        }
        scene
    }

    async fn resource(&self, number: usize) -> String {
        let admin = self.world.app.admin();
        let value = json!({"accessKeyId": format!("AKIA{number}"), "secretAccessKey": "s"});
        let body = json!({"name": format!("AWS {number}"), "credential_type": "ACCESS_KEY", "value": value});
        let credential = admin.post("/credentials/", body).await.expect(201).id();
        let body = json!({
            "name": format!("Resource {number}"), "credentialId": credential, "provider": "AWS",
            "resourceType": "SECURITY_GROUP", "resourceIdentifier": group(1).group_id, "region": REGION,
            "config": {"port": 22, "protocol": "tcp"},
        });
        let id = admin.post("/resources", body).await.expect(201).id();
        let _ = admin.patch(&format!("/resources/{id}"), json!({"isActive": true})).await.expect(200);
        id
    }

    /// A person, by their number.
    fn person(&self, number: usize) -> Client {
        let token = self.world.app.token(&self.people[number - 1], ORG, &["USER"]);
        self.world.app.bearer(&token)
    }

    async fn start(&self, person: usize) -> Value {
        start(&self.person(person), json!({"durationHours": 8})).await
    }

    async fn stop(&self, person: usize, session: &Value) {
        let path = format!("/sessions/{}/stop", session["id"].as_str().unwrap());
        let _ = self.person(person).post_empty(&path).await.expect(200);
    }

    async fn states(&self, person: usize, session: &Value) -> Vec<String> {
        let session = shown(&self.person(person), session).await;
        row_states(&session).into_iter().map(String::from).collect()
    }

    async fn work(&self) {
        let worker = RuleWorker::new(self.cloud.worker_context(&self.world));
        let _ = worker.run([(org(ORG), group(1))], self.world.app.now()).in_function("rule-worker").await;
    }

    async fn sweep_after(&self, seconds: i64) {
        self.world.app.advance_seconds(seconds);
        let sweeper = SessionSweeper::new(self.cloud.worker_context(&self.world));
        let _ = sweeper.run(self.world.app.now()).in_function("session-sweeper").await.unwrap();
    }

    fn deny(&self, numbers: impl IntoIterator<Item = usize>) {
        for number in numbers {
            self.world.app.cloud.deny(&format!("AKIA{number}"));
        }
    }
}

#[tokio::test]
async fn a_refused_credential_fails_nobody_whose_own_is_good() {
    let scene = Scene::of(2).await;
    scene.deny([1]);
    let (one, two) = (scene.start(1).await, scene.start(2).await);
    scene.work().await;
    assert_eq!(scene.states(1, &one).await, ["APPLIED"]);
    assert_eq!(scene.states(2, &two).await, ["APPLIED"]);
    assert_eq!(scene.world.rules(1).len(), 1);
}

#[tokio::test]
async fn a_rule_goes_with_the_credential_of_the_last_one_out() {
    let scene = Scene::of(2).await;
    let (one, two) = (scene.start(1).await, scene.start(2).await);
    scene.work().await;
    scene.stop(1, &one).await;
    scene.work().await;
    scene.deny([1]);
    scene.stop(2, &two).await;
    scene.work().await;
    assert_eq!((scene.world.rules(1).len(), scene.world.ledger().await.len()), (0, 0));
    assert_eq!(scene.states(2, &two).await, ["REMOVED"]);
    assert_eq!(unrest(&scene.world.app).await, Vec::<String>::new());
}

/// The entry names the credential that made the rule: its resource may have nobody in it by the time of the removal.
#[tokio::test]
async fn a_rule_goes_with_the_credential_that_made_it() {
    let scene = Scene::of(2).await;
    scene.deny([1]);
    let (one, two) = (scene.start(1).await, scene.start(2).await);
    scene.work().await;
    scene.stop(2, &two).await;
    scene.work().await;
    assert_eq!(scene.states(1, &one).await, ["APPLIED"]);
    scene.stop(1, &one).await;
    scene.work().await;
    assert_eq!((scene.world.rules(1).len(), scene.world.ledger().await.len()), (0, 0));
}

#[tokio::test]
async fn rows_fail_and_rules_are_stuck_when_every_credential_is_refused() {
    let scene = Scene::of(2).await;
    let (one, two) = (scene.start(1).await, scene.start(2).await);
    scene.work().await;
    scene.deny([1, 2]);
    scene.stop(1, &one).await;
    scene.stop(2, &two).await;
    scene.work().await;
    let stuck = scene.world.ledger().await;
    assert_eq!((stuck[0]["state"].as_str(), stuck[0]["attempts"].as_u64()), (Some("STUCK"), Some(1)));
    scene.world.app.cloud.allow("AKIA2");
    scene.sweep_after(25 * 3600).await;
    assert_eq!(scene.world.rules(1).len(), 0);
    scene.deny([2]);
    let (one, two) = (scene.start(1).await, scene.start(2).await);
    scene.work().await;
    assert_eq!(scene.states(1, &one).await, ["FAILED"]);
    assert_eq!(scene.states(2, &two).await, ["FAILED"]);
    assert_eq!(unrest(&scene.world.app).await, Vec::<String>::new());
}

/// Five other credentials an attempt: nobody is failed before the rest was asked too.
#[tokio::test]
async fn the_eighth_credential_is_asked_at_the_next_attempt() {
    let scene = Scene::of(8).await;
    scene.deny(1..=7);
    let mut sessions = Vec::new();
    for number in 1..=8 {
        sessions.push(scene.start(number).await);
    }
    scene.work().await;
    let asked = (1..=8).filter(|number| scene.cloud.calls(&format!("AKIA{number}")) > 0).count();
    assert_eq!((asked, scene.world.rules(1).len()), (6, 0));
    assert_eq!(scene.states(8, &sessions[7]).await, ["PENDING"]);
    scene.sweep_after(60).await;
    for (place, session) in sessions.iter().enumerate() {
        assert_eq!(scene.states(place + 1, session).await, ["APPLIED"], "{place}");
    }
}

#[tokio::test]
async fn a_credential_of_another_account_proves_nothing() {
    let scene = Scene::of(2).await;
    let (one, two) = (scene.start(1).await, scene.start(2).await);
    scene.work().await;
    scene.world.app.cloud.put_key_into_account("AKIA2", AccountId::from_number(2));
    scene.deny([1]);
    scene.stop(1, &one).await;
    scene.stop(2, &two).await;
    scene.work().await;
    assert_eq!(
        (scene.world.rules(1).len(), scene.world.ledger().await[0]["state"].as_str()),
        (1, Some("STUCK"))
    );
    scene.world.app.cloud.allow("AKIA1");
    scene.sweep_after(25 * 3600).await;
    assert_eq!((scene.world.rules(1).len(), unrest(&scene.world.app).await), (0, Vec::<String>::new()));
}

/// A full group is full for everybody.
#[tokio::test]
async fn no_other_credential_is_asked_where_the_group_is_full() {
    let scene = Scene::of(2).await;
    for number in 1..=60 {
        let ingress = model::ingress::Ingress::parse(&format!("198.51.100.{number}|tcp|22-22"));
        let version = Some(model::ingress::IpVersion::V4);
        let rule = firewall::CloudRule { id: String::new(), ingress, version, tag: None };
        scene.world.app.cloud.add_rule(&group(1), rule);
    }
    let (_one, _two) = (scene.start(1).await, scene.start(2).await);
    scene.work().await;
    assert_eq!(scene.cloud.calls("AKIA2"), 0);
}

/// An account that hangs is left alone, and its neighbours' credentials are asked with all the same.
#[tokio::test]
async fn a_credential_that_gets_no_answer_keeps_the_rows_waiting() {
    let scene = Scene::of(2).await;
    scene.deny([1]);
    scene.cloud.throttle("AKIA2");
    let (one, two) = (scene.start(1).await, scene.start(2).await);
    scene.work().await;
    assert_eq!(scene.states(1, &one).await, ["PENDING"]);
    assert_eq!(scene.states(2, &two).await, ["PENDING"]);
    scene.cloud.heal();
    scene.sweep_after(120).await;
    assert_eq!(scene.states(2, &two).await, ["APPLIED"]);
}

/// The second credential made the rule, and no look shows it yet. The third one reaches another account: what it says or does must not
/// take the rule from the account that has it.
#[tokio::test]
async fn a_rule_that_may_be_on_its_way_is_bound_to_its_account() {
    let scene = Scene::of(3).await;
    scene.world.app.cloud.put_key_into_account("AKIA3", AccountId::from_number(2));
    let mut sessions = Vec::new();
    for person in 1..=3 {
        sessions.push(scene.start(person).await);
    }
    scene.deny([1]);
    scene.cloud.freeze(&group(1));
    scene.work().await;
    assert_eq!(scene.world.rules(1).len(), 1);
    let found = scene.world.ledger().await;
    assert_eq!(found[0]["lastError"], "The provider said that the rule was made, and it is not there");
    for (person, session) in (1..=3).zip(&sessions) {
        scene.stop(person, session).await;
    }
    scene.cloud.heal();
    for _ in 0..4 {
        scene.sweep_after(61).await;
    }
    assert_eq!(scene.world.addresses(1), Vec::<String>::new());
    assert_eq!(unrest(&scene.world.app).await, Vec::<String>::new());
}
