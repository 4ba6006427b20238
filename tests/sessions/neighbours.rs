//! Several organizations and several deployments on one security group.

use firewall::simulated::Operation;
use firewall::{CloudRule, RuleTag};
use model::ingress::{Ingress, IpVersion};
use serde_json::{Value, json};
use support::ledger::unrest;
use support::{Client, InFunction as _, ORG, OTHER_ORG, Setup, TestApp};
use workers::{RuleWorker, WorkerContext};

use crate::world::{REGION, SOURCE, World, group, row_states, shown};

/// An administrator of an organization who opens a resource of theirs on group 1.
struct Tenant<'a> {
    app: &'a TestApp,
    org: &'static str,
    resource: String,
}

impl<'a> Tenant<'a> {
    async fn new(app: &'a TestApp, org: &'static str) -> Self {
        app.cloud.add_group(group(1));
        let mut tenant = Self { app, org, resource: String::new() };
        let caller = tenant.caller();
        let value = json!({"accessKeyId": "AKIA1", "secretAccessKey": "s"});
        let body = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
        let credential = caller.post("/credentials/", body).await.expect(201).id();
        let body = json!({
            "name": "Bastion", "credentialId": credential, "provider": "AWS", "resourceType": "SECURITY_GROUP",
            "resourceIdentifier": group(1).group_id, "region": REGION, "config": {"port": 22, "protocol": "tcp"},
        });
        tenant.resource = caller.post("/resources", body).await.expect(201).id();
        let _ = tenant.verify().await;
        tenant
    }

    fn caller(&self) -> Client {
        self.app.bearer(&self.app.token("tenant", self.org, &["ORG_ADMIN"]))
    }

    async fn verify(&self) -> Value {
        self.caller().post_empty(&format!("/resources/{}/verify", self.resource)).await.expect(200).json
    }

    async fn start(&self, address: &str) -> Value {
        let body = json!({"resourceIds": [self.resource], "ipv4Address": address, "durationHours": 8});
        let session = self.caller().post("/sessions", body).await.expect(201).json;
        self.app.settle().await;
        session
    }

    async fn stop(&self, session: &Value) {
        let path = format!("/sessions/{}/stop", session["id"].as_str().unwrap());
        let _ = self.caller().post_empty(&path).await.expect(200);
        self.app.settle().await;
    }

    async fn status(&self, session: &Value) -> String {
        shown(&self.caller(), session).await["status"].as_str().unwrap().to_owned()
    }

    /// The presence of the organization's only entry.
    async fn presence(&self) -> String {
        let prefix = format!("ORG#{}#GROUP", self.org);
        let table = self.app.db_table().await;
        let mut rules =
            table.iter().filter(|((pk, _), item)| pk.starts_with(&prefix) && item["entity"] == "RULE");
        rules.next().unwrap().1["found"]["presence"].as_str().unwrap().to_owned()
    }
}

/// Another deployment that has rules in the same cloud.
async fn beside(app: &TestApp) -> TestApp {
    TestApp::alive_with_setup(Setup { cloud: app.cloud.clone(), ..Setup::default() }).await
}

fn rules(app: &TestApp) -> Vec<CloudRule> {
    app.cloud.groups().into_iter().find(|(found, _)| *found == group(1)).unwrap().1
}

async fn a_minute_passes(app: &TestApp) -> Value {
    app.advance_seconds(60);
    app.sweep().await
}

#[tokio::test]
async fn an_organization_keeps_its_access_when_anothers_rule_goes() {
    let app = TestApp::alive().await;
    let (globex, acme) = (Tenant::new(&app, OTHER_ORG).await, Tenant::new(&app, ORG).await);
    let (theirs, ours) = (globex.start(SOURCE).await, acme.start(SOURCE).await);
    assert_eq!((acme.status(&ours).await.as_str(), acme.presence().await.as_str()), ("ACTIVE", "FOREIGN"));
    globex.stop(&theirs).await;
    assert_eq!(rules(&app).len(), 0);
    a_minute_passes(&app).await;
    assert_eq!(rules(&app).len(), 1, "acme has a rule of its own now");
    assert_eq!((acme.status(&ours).await.as_str(), acme.presence().await.as_str()), ("ACTIVE", "PRESENT"));
    let row = &shown(&acme.caller(), &ours).await["resourceIps"][0];
    assert_eq!(row["providerRuleId"], json!(rules(&app)[0].id));
    acme.stop(&ours).await;
    assert_eq!((rules(&app).len(), unrest(&app).await), (0, Vec::<String>::new()));
}

#[tokio::test]
async fn two_deployments_take_none_of_each_others_rules_for_orphans() {
    let staging = TestApp::alive().await;
    let production = beside(&staging).await;
    let (first, second) = (Tenant::new(&staging, ORG).await, Tenant::new(&production, ORG).await);
    let sessions = (first.start(SOURCE).await, second.start("198.51.100.8").await);
    let before = rules(&staging);
    for _ in 0..2 {
        for app in [&staging, &production] {
            app.advance_seconds(3600);
            let report = app.reconcile().await;
            assert_eq!((&report["orphans"], &report["missing"]), (&json!(0), &json!(0)), "{report}");
        }
    }
    assert_eq!(rules(&staging), before);
    second.stop(&sessions.1).await;
    first.stop(&sessions.0).await;
    assert_eq!(rules(&staging).len(), 0);
}

#[tokio::test]
async fn the_first_stop_ends_the_access_of_another_deployment_for_a_minute_at_most() {
    let staging = TestApp::alive().await;
    let production = beside(&staging).await;
    let (first, second) = (Tenant::new(&staging, ORG).await, Tenant::new(&production, ORG).await);
    let (one, two) = (first.start(SOURCE).await, second.start(SOURCE).await);
    assert_eq!((rules(&staging).len(), second.presence().await.as_str()), (1, "FOREIGN"));
    first.stop(&one).await;
    assert_eq!(first.status(&one).await, "CANCELLED");
    a_minute_passes(&production).await;
    assert_eq!((rules(&staging).len(), second.presence().await.as_str()), (1, "PRESENT"));
    assert_eq!(second.status(&two).await, "ACTIVE");
    second.stop(&two).await;
    assert_eq!(rules(&staging).len(), 0);
    assert_eq!(unrest(&production).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_rule_of_another_deployment_stays_when_the_session_that_used_it_ends() {
    let staging = TestApp::alive().await;
    let production = beside(&staging).await;
    let (first, second) = (Tenant::new(&staging, ORG).await, Tenant::new(&production, ORG).await);
    let (one, two) = (first.start(SOURCE).await, second.start(SOURCE).await);
    second.stop(&two).await;
    assert_eq!(second.status(&two).await, "CANCELLED");
    a_minute_passes(&production).await;
    assert_eq!((rules(&staging).len(), first.status(&one).await.as_str()), (1, "ACTIVE"));
    first.stop(&one).await;
    assert_eq!(rules(&staging).len(), 0);
}

/// Who joins is told that the rule is there only after a look: it may have gone since the last one.
#[tokio::test]
async fn a_row_that_joins_anothers_rule_is_applied_after_a_look() {
    let app = TestApp::alive().await;
    let (globex, acme) = (Tenant::new(&app, OTHER_ORG).await, Tenant::new(&app, ORG).await);
    let (theirs, _ours) = (globex.start(SOURCE).await, acme.start(SOURCE).await);
    globex.stop(&theirs).await;
    let next = acme.start(SOURCE).await;
    assert_eq!((rules(&app).len(), acme.status(&next).await.as_str()), (1, "ACTIVE"));
    assert_eq!(acme.presence().await, "PRESENT");
}

/// One look a minute for a group, however many of its rules are somebody else's.
#[tokio::test]
async fn looks_at_anothers_rules_cost_one_call_a_minute_for_a_group() {
    let app = TestApp::alive().await;
    let (globex, acme) = (Tenant::new(&app, OTHER_ORG).await, Tenant::new(&app, ORG).await);
    for number in 1..=20 {
        let address = format!("198.51.100.{number}");
        globex.start(&address).await;
        acme.start(&address).await;
    }
    for _ in 0..3 {
        let before = app.cloud.calls();
        a_minute_passes(&app).await;
        assert_eq!(app.cloud.calls() - before, 1);
    }
}

/// A rule without a mark of Postern is left to the hourly comparison.
#[tokio::test]
async fn a_rule_without_a_mark_is_not_looked_at_each_minute() {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let ingress = Ingress::parse(&format!("{SOURCE}|tcp|22-22"));
    let untagged = CloudRule { id: String::new(), ingress, version: Some(IpVersion::V4), tag: None };
    world.app.cloud.add_rule(&group(1), untagged);
    let person = world.person("grace", &[&resource]).await;
    let session = person.post("/sessions", json!({"durationHours": 8})).await.expect(201).json;
    world.app.settle().await;
    let before = world.app.cloud.calls();
    for _ in 0..3 {
        a_minute_passes(&world.app).await;
    }
    assert_eq!(world.app.cloud.calls(), before);
    assert_eq!(row_states(&shown(&person, &session).await), ["APPLIED"]);
}

#[tokio::test]
async fn a_look_that_gets_no_answer_changes_nothing_and_is_repeated() {
    let app = TestApp::alive().await;
    let (globex, acme) = (Tenant::new(&app, OTHER_ORG).await, Tenant::new(&app, ORG).await);
    let (theirs, ours) = (globex.start(SOURCE).await, acme.start(SOURCE).await);
    globex.stop(&theirs).await;
    app.cloud.fault_next_of(Operation::Describe, firewall::simulated::Fault::Lose);
    a_minute_passes(&app).await;
    let row = shown(&acme.caller(), &ours).await["resourceIps"][0].clone();
    assert_eq!(
        (&row["status"], &row["errorMessage"], rules(&app).len()),
        (&json!("APPLIED"), &Value::Null, 0)
    );
    a_minute_passes(&app).await;
    assert_eq!((rules(&app).len(), acme.presence().await.as_str()), (1, "PRESENT"));
}

/// Rules of a version that knew no deployments have the organization's mark alone.
#[tokio::test]
async fn a_rule_that_names_no_deployment_is_ours_and_goes() {
    let app = TestApp::alive().await;
    let acme = Tenant::new(&app, ORG).await;
    let session = acme.start(SOURCE).await;
    let own = rules(&app)[0].clone();
    let without = |rule: &str| {
        let mark = RuleTag { org: ORG.into(), rule: rule.into(), ..own.tag.clone().unwrap() };
        RuleTag { deployment: None, ..mark }
    };
    let entry = own.tag.clone().unwrap().rule;
    app.cloud.edit_rule(&group(1), &own.id, |rule| rule.tag = Some(without(&entry)));
    let orphan = CloudRule {
        ingress: Ingress::parse("198.51.100.9|tcp|22-22"),
        tag: Some(without("019c9459-0000-7000-8000-000000000000")),
        ..own.clone()
    };
    app.cloud.add_rule(&group(1), orphan);
    app.advance_seconds(3600);
    assert_eq!(app.reconcile().await["orphans"], 1);
    assert_eq!(rules(&app).len(), 1);
    acme.stop(&session).await;
    assert_eq!((rules(&app).len(), unrest(&app).await), (0, Vec::<String>::new()));
}

/// The id stands in the table: what a restored table does not know is still its own.
#[tokio::test]
async fn an_orphan_of_this_deployment_goes_and_one_of_another_stays() {
    let app = TestApp::alive().await;
    let acme = Tenant::new(&app, ORG).await;
    let _ = acme.start(SOURCE).await;
    let own = rules(&app)[0].clone();
    let rule = String::from("019c9459-0000-7000-8000-000000000000");
    for (number, deployment) in [(1, own.tag.clone().unwrap().deployment), (2, Some("another".into()))] {
        let ingress = Ingress::parse(&format!("198.51.100.{number}|tcp|22-22"));
        let tag = Some(RuleTag { deployment, rule: rule.clone(), ..own.tag.clone().unwrap() });
        app.cloud.add_rule(&group(1), CloudRule { ingress, tag, ..own.clone() });
    }
    app.advance_seconds(3600);
    assert_eq!(app.reconcile().await["orphans"], 1);
    let left: Vec<_> = rules(&app).iter().filter_map(|rule| rule.ingress.map(|to| to.cidr())).collect();
    assert_eq!(left, [format!("{SOURCE}/32"), "198.51.100.2/32".into()]);
}

/// Access ends although nobody can say which deployment this is; none begins that could not be told from somebody else's.
#[tokio::test]
async fn a_deployment_that_cannot_be_read_makes_no_rules_and_removes_its_own() {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let person = world.person("grace", &[&resource]).await;
    let session = person.post("/sessions", json!({"durationHours": 8})).await.expect(201).json;
    world.app.settle().await;
    world.set_shapes("DEPLOYMENT", 2).await;
    let another =
        WorkerContext { store: world.app.another_process().store().clone(), ..world.app.worker_context() };
    let _ =
        person.post_empty(&format!("/sessions/{}/stop", session["id"].as_str().unwrap())).await.expect(200);
    let visit = [(support::org(ORG), group(1))];
    let _ =
        RuleWorker::new(another.clone()).run(visit.clone(), world.app.now()).in_function("rule-worker").await;
    assert_eq!(world.rules(1).len(), 0);
    let next = person.post("/sessions", json!({"durationHours": 8})).await.expect(201).json;
    let _ = RuleWorker::new(another).run(visit, world.app.now()).in_function("rule-worker").await;
    assert_eq!((world.rules(1).len(), row_states(&shown(&person, &next).await)), (0, vec!["PENDING"]));
    world.set_shapes("DEPLOYMENT", 1).await;
    a_minute_passes(&world.app).await;
    assert_eq!(row_states(&shown(&person, &next).await), ["APPLIED"]);
}

#[tokio::test]
async fn a_verification_says_who_else_has_rules_in_the_group() {
    let staging = TestApp::alive().await;
    let production = beside(&staging).await;
    let first = Tenant::new(&staging, ORG).await;
    let _ = first.start(SOURCE).await;
    assert_eq!(first.verify().await["warnings"], json!([]));
    let second = Tenant::new(&production, ORG).await;
    let warnings = second.verify().await["warnings"].clone();
    assert_eq!(warnings[0]["code"], "USED_BY_ANOTHER_DEPLOYMENT");
    assert!(warnings[0]["message"].as_str().unwrap().contains(&group(1).group_id), "{warnings}");
    let globex = Tenant::new(&staging, OTHER_ORG).await;
    assert_eq!(globex.verify().await["warnings"][0]["code"], "USED_BY_ANOTHER_ORGANIZATION");
    let _ = second.start("198.51.100.8").await;
    assert_eq!(first.verify().await["warnings"].as_array().unwrap().len(), 1);
    assert_eq!(globex.verify().await["warnings"].as_array().unwrap().len(), 2);
}
