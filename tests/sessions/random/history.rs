//! A history: a world, and the steps that are taken in it.

use aws_sdk_dynamodb::types::AttributeValue;
use firewall::simulated::Fault;
use firewall::{AccountId, CloudRule};
use model::id::{ResourceId, SessionId};
use model::ingress::{Ingress, IpVersion, Opening, Protocol};
use model::time::Timestamp;
use model::user::User;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use store::StoreError;
use support::sessions::entered;
use support::{InFunction as _, ORG, OTHER_ORG, TestApp, org};
use workers::{CircuitBreaker, Pace, RuleReconciler, RuleWorker, SessionSweeper};

use super::step::{KINDS, OfCloud, OfWorkers, Step};
use crate::double::Misbehaving;
use crate::killed::Killed;
use crate::world::{World, group};
use support::ledger::{faults_of, unmet_of, unrest_of};

pub(super) const ORGS: [&str; 2] = [ORG, OTHER_ORG];
pub(super) const USERS: [(&str, &str); 4] = [(ORG, "ada"), (ORG, "grace"), (ORG, "joan"), (OTHER_ORG, "zoe")];
pub(super) const ADDRESSES: [&str; 2] = ["198.51.100.1", "198.51.100.2"];
/// Two resources stand on one group; the fourth and the fifth have credentials of their own.
const GROUPS: [usize; 5] = [1, 2, 3, 1, 1];
/// The groups of the other organization's resources, which the first one's stand on as well.
const OTHER_GROUPS: [usize; 2] = [1, 3];
/// The keys that meet with trouble: two of the first organization, one of the other.
const KEYS: [&str; 3] = ["AKIA1", "AKIA3", "AKIA9"];

/// A look shows nothing that is older: a call is visible a minute after it took effect.
const OLDEST_LOOK_SECONDS: i64 = 60;

/// Visits are given up early, so that an account that hangs costs the test little time.
const QUICK: Pace = Pace { visit: Duration::from_millis(400), run: Duration::from_secs(40) };

/// A world, and what the steps refer to by number.
pub(super) struct History {
    pub(super) world: World,
    cloud: Misbehaving,
    circuit: CircuitBreaker,
    pub(super) users: Vec<User>,
    pub(super) role: String,
    /// By organization.
    pub(super) resources: [Vec<ResourceId>; 2],
    pub(super) sessions: Vec<(&'static str, SessionId)>,
    /// Seconds since looks began to show an old picture, where they do.
    frozen_for: Option<i64>,
    /// The keys of the items that cannot be read.
    spoilt: BTreeSet<(String, String)>,
    /// A rule that was there before ours.
    foreign: String,
    /// What was granted and should not have been.
    pub(super) overreach: Vec<String>,
}

/// The rule that somebody else has made, and that sessions will want as well.
fn foreign_rule() -> CloudRule {
    let opening = Opening { protocol: Protocol::Tcp, ports: Some((22, 22)) };
    let ingress = Ingress { address: ADDRESSES[0].parse().unwrap(), opening };
    CloudRule { id: String::new(), ingress: Some(ingress), version: Some(IpVersion::V4), tag: None }
}

async fn resource(client: &support::Client, credential: &str, number: usize) -> ResourceId {
    let body = json!({
        "name": "Resource", "credentialId": credential, "provider": "AWS", "resourceType": "SECURITY_GROUP",
        "resourceIdentifier": group(number).group_id, "region": crate::world::REGION,
        "config": {"port": 22, "protocol": "tcp"},
    });
    let id = client.post("/resources", body).await.expect(201).id();
    let _ = client.post_empty(&format!("/resources/{id}/verify")).await.expect(200);
    ResourceId::parse(&id).unwrap()
}

async fn credential(client: &support::Client, key: &str) -> String {
    let value = json!({"accessKeyId": key, "secretAccessKey": "s"});
    let body = json!({"name": key, "credential_type": "ACCESS_KEY", "value": value});
    client.post("/credentials/", body).await.expect(201).id()
}

impl History {
    pub(super) async fn new() -> Self {
        let world = World::of(TestApp::new().await).await;
        let (admin, other) = (world.app.admin(), world.app.other_admin());
        (1..4).for_each(|number| world.app.cloud.add_group(group(number)));
        // The fourth has another key of the same account; the fifth one of another account, to which the group is missing.
        let own = [
            world.credential.clone(),
            world.credential.clone(),
            world.credential.clone(),
            credential(&admin, "AKIA3").await,
            credential(&admin, "AKIA4").await,
        ];
        let mut resources = [Vec::new(), Vec::new()];
        for (number, credential) in GROUPS.into_iter().zip(&own) {
            resources[0].push(resource(&admin, credential, number).await);
        }
        let others = credential(&other, "AKIA9").await;
        for number in OTHER_GROUPS {
            resources[1].push(resource(&other, &others, number).await);
        }
        let mut users = Vec::new();
        for (org, user) in USERS {
            users.push(entered(&world.app.db, org, user, world.app.now()).await);
        }
        let role = admin.new_role("On call").await;
        let foreign = world.app.cloud.add_rule(&group(3), foreign_rule());
        // One place is left in a group that several people want.
        for number in 1..60 {
            let ingress = Ingress::parse(&format!("192.0.2.{number}|tcp|22-22"));
            let version = Some(IpVersion::V4);
            let rule = CloudRule { id: String::new(), ingress, version, tag: None };
            world.app.cloud.add_rule(&group(2), rule);
        }
        for key in ["AKIA2", "AKIA4"] {
            world.app.cloud.put_key_into_account(key, AccountId::from_number(2));
        }
        let (cloud, circuit) = (Misbehaving::of(&world), CircuitBreaker::default());
        let (sessions, spoilt, overreach) = (Vec::new(), BTreeSet::new(), Vec::new());
        Self {
            world,
            cloud,
            circuit,
            frozen_for: None,
            users,
            role,
            resources,
            sessions,
            spoilt,
            foreign,
            overreach,
        }
    }

    pub(super) async fn take(&mut self, step: &Step, now: Timestamp) -> Result<(), StoreError> {
        match step {
            Step::Session(step) => self.use_sessions(step, now).await?,
            Step::Rights(step) => self.administer(step, now).await?,
            Step::Work(step) => self.work(step, now).await?,
            Step::Cloud(step) => self.change_the_cloud(step).await,
            Step::Spoil { kind, number } => self.spoil(*kind, *number).await,
            Step::Mend => self.mend().await,
            Step::Skewed { seconds, step } => {
                Box::pin(self.take(step, now.plus_seconds(*seconds))).await?;
            }
            Step::Killed { polls, step } => {
                let _ = Killed::after(*polls, Box::pin(self.take(step, now))).await;
            }
        }
        Ok(())
    }

    async fn work(&mut self, step: &OfWorkers, now: Timestamp) -> Result<(), StoreError> {
        let context = self.cloud.worker_context(&self.world);
        let circuit = self.circuit.clone();
        match step {
            OfWorkers::Pass { seconds } => {
                // No call is under way for longer than half a minute.
                self.cloud.arrive().await;
                self.world.app.advance_seconds(*seconds);
                self.frozen_for = self.frozen_for.map(|passed| passed + seconds);
                if self.frozen_for.is_some_and(|passed| passed > OLDEST_LOOK_SECONDS) {
                    self.thaw();
                }
            }
            OfWorkers::Work { group: number } => {
                let worker = RuleWorker::new(context).at_pace(QUICK);
                let groups = ORGS.map(|name| (org(name), group(*number)));
                worker.with_circuit(circuit).run(groups, now).in_function("rule-worker").await;
            }
            OfWorkers::Sweep => {
                let sweeper = SessionSweeper::new(context).at_pace(QUICK);
                let _ = sweeper.with_circuit(circuit).run(now).in_function("session-sweeper").await?;
            }
            OfWorkers::Reconcile => {
                let reconciler = RuleReconciler::new(context).at_pace(QUICK);
                let _ = reconciler.with_circuit(circuit).run(now).in_function("rule-reconciler").await?;
            }
        }
        Ok(())
    }

    async fn change_the_cloud(&mut self, step: &OfCloud) {
        let cloud = self.world.app.cloud.clone();
        match step {
            OfCloud::Meet(number) => {
                let faults = [Fault::Throttle, Fault::Lose, Fault::Drop, Fault::HalfApply, Fault::Lie];
                cloud.fault_next(faults[usize::from(*number)].clone());
            }
            OfCloud::Outage(is_down) => cloud.set_down(*is_down),
            OfCloud::Deny { key, is_denied: true } => cloud.deny(KEYS[*key]),
            OfCloud::Deny { key, is_denied: false } => cloud.allow(KEYS[*key]),
            OfCloud::Freeze { group: number } => {
                self.cloud.freeze(&group(*number));
                self.frozen_for.get_or_insert(0);
            }
            OfCloud::Thaw => self.thaw(),
            OfCloud::Late(is_late) => self.cloud.make_late(*is_late),
            OfCloud::Arrive => self.cloud.arrive().await,
            OfCloud::Hang { key } => self.cloud.hang(KEYS[*key]),
            OfCloud::Throttle { key } => self.cloud.throttle(KEYS[*key]),
            OfCloud::Heal => {
                self.cloud.heal();
                self.frozen_for = None;
            }
            OfCloud::TakeTagOff { group: number } => self.take_the_tag_off(*number).await,
        }
    }

    fn thaw(&mut self) {
        self.cloud.thaw();
        self.frozen_for = None;
    }

    /// Takes the tag off a rule of which the ledger knows the id.
    async fn take_the_tag_off(&self, number: usize) {
        let table = self.world.app.db_table().await;
        let known = |id: &str| {
            let mut rules = table.values().filter(|item| item["entity"] == "RULE");
            rules.any(|rule| rule["found"]["providerRuleId"] == id && rule["found"]["presence"] == "PRESENT")
        };
        let rules = self.world.rules(number);
        if let Some(rule) = rules.iter().find(|rule| rule.tag.is_some() && known(&rule.id)) {
            self.world.app.cloud.edit_rule(&group(number), &rule.id, |rule| rule.tag = None);
        }
    }

    async fn spoil(&mut self, kind: usize, number: usize) {
        let table = self.world.app.db_table().await;
        let keys: Vec<_> =
            table.into_iter().filter(|(_, item)| item["entity"] == KINDS[kind]).map(|(key, _)| key).collect();
        if !keys.is_empty() {
            let key = keys[number % keys.len()].clone();
            // Before it is: the history may be killed here.
            self.spoilt.insert(key.clone());
            self.set_shape(&key, 2).await;
        }
    }

    async fn mend(&mut self) {
        for key in self.spoilt.clone() {
            self.set_shape(&key, 1).await;
            self.spoilt.remove(&key);
        }
    }

    /// Another version writes an item that is there.
    async fn set_shape(&self, (pk, sk): &(String, String), shape: u8) {
        #[expect(clippy::disallowed_methods, reason = "what another version has written")]
        let call = self.world.app.dynamodb.update_item().table_name(&self.world.app.table);
        let call = call.key("pk", AttributeValue::S(pk.clone())).key("sk", AttributeValue::S(sk.clone()));
        let call = call.update_expression("SET shape = :shape").condition_expression("attribute_exists(pk)");
        let call = call.expression_attribute_values(":shape", AttributeValue::N(shape.to_string()));
        // It may be gone.
        let _ = call.send().await;
    }

    pub(super) fn session(&self, number: usize) -> Option<(&'static str, SessionId)> {
        (!self.sessions.is_empty()).then(|| self.sessions[number % self.sessions.len()])
    }

    /// Whether some item cannot be read, so that a step may fail for it.
    pub(super) fn is_spoilt(&self) -> bool {
        !self.spoilt.is_empty()
    }

    /// What is wrong after a step. A call of somebody who was killed may still be under way: what is wrong must stay so.
    pub(super) async fn faults(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for _ in 0..20 {
            wrong.clone_from(&self.overreach);
            wrong.extend(faults_of(&self.world.app, &ORGS).await);
            if !self.world.rules(3).iter().any(|rule| rule.id == self.foreign && rule.tag.is_none()) {
                wrong.push("the rule that was there before is gone".into());
            }
            if wrong.is_empty() {
                break;
            }
        }
        wrong
    }

    async fn unmet(&self) -> Vec<String> {
        let mut unmet = Vec::new();
        for name in ORGS {
            unmet.extend(unmet_of(&self.world.app, name).await);
        }
        unmet
    }

    /// Everything heals, time passes, and the workers do their rounds.
    pub(super) async fn rest(&mut self) -> Vec<String> {
        self.mend().await;
        let app = &self.world.app;
        app.cloud.heal();
        KEYS.iter().for_each(|key| app.cloud.allow(key));
        self.cloud.heal();
        self.cloud.arrive().await;
        app.advance_seconds(61);
        self.replace(false).await;
        let (mut unmet, mut wrong) = (Vec::new(), Vec::new());
        // What was refused is tried once a day; what may still arrive is looked for after two and a half minutes; and a former value
        // goes when the sweeper has looked twice.
        for (round, seconds) in [61, 61, 61, 61, 25 * 3600, 61, 61, 301, 301].into_iter().enumerate() {
            app.advance_seconds(seconds);
            SessionSweeper::new(app.worker_context())
                .run(app.now())
                .in_function("session-sweeper")
                .await
                .unwrap();
            match round {
                1 => unmet = self.unmet().await,
                // What somebody else's session has taken away at its end is there again a sweep later.
                2 => wrong.extend(self.unmet().await.into_iter().filter(|found| unmet.contains(found))),
                _ => {}
            }
        }
        RuleReconciler::new(app.worker_context())
            .run(app.now())
            .in_function("rule-reconciler")
            .await
            .unwrap();
        for name in ORGS {
            wrong.extend(unrest_of(app, name).await);
        }
        wrong
    }
}
