//! Random histories: several people behind few addresses start, stop and extend sessions over few resources, while resources
//! and people come and go, workers are killed and the cloud fails in every way that it can. After each step the ledger,
//! the cloud and the counts must agree; and when everything has healed, the cloud has what is needed and nothing else.

use firewall::simulated::Fault;
use firewall::{AccountId, CloudRule};
use model::fields::Fields;
use model::id::{ResourceId, SessionId};
use model::ingress::{Ingress, IpVersion, Opening, Protocol};
use model::precondition::Precondition;
use model::session::{Extension, SessionLimits};
use model::time::Timestamp;
use model::user::User;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::time::Duration;
use store::{Owner, StoreError};
use support::sessions::entered;
use support::{ORG, TestApp, actor, org};
use workers::{CircuitBreaker, Pace, RuleReconciler, RuleWorker, SessionSweeper};

use crate::double::Misbehaving;
use crate::killed::Killed;
use crate::world::{World, group};
use support::ledger::{faults, unrest};

const USERS: [&str; 3] = ["ada", "grace", "joan"];
const ADDRESSES: [&str; 2] = ["198.51.100.1", "198.51.100.2"];
/// Two resources stand on one group.
const GROUPS: [usize; 4] = [1, 1, 2, 3];

/// What can happen.
#[derive(Debug, Clone)]
enum Step {
    Start {
        user: usize,
        resources: u8,
        address: usize,
        minutes: u32,
    },
    Stop(usize),
    Extend(usize),
    Pass {
        seconds: i64,
    },
    Work {
        group: usize,
    },
    Sweep,
    Reconcile,
    Meet(u8),
    Outage(bool),
    Deny(bool),
    Delete {
        resource: usize,
        drains: bool,
    },
    Deactivate {
        user: usize,
        is_active: bool,
    },
    /// A person is deleted, and enters the directory anew.
    DeletePerson {
        user: usize,
    },
    /// Somebody takes the tag off a rule of ours.
    TakeTagOff {
        group: usize,
    },
    /// The credential gets the keys of another account, or its own again.
    Replace {
        is_other: bool,
    },
    /// Looks at a group show it as it is now, until they show it as it is.
    Freeze {
        group: usize,
    },
    Thaw,
    /// Calls that make rules get no answer and arrive later.
    Late(bool),
    Arrive,
    /// The account answers nobody, or says that it takes no more calls.
    Hang,
    Throttle,
    Heal,
    /// The same by a clock that is ahead or behind.
    Skewed {
        seconds: i64,
        step: Box<Step>,
    },
    /// The same, killed after so many polls.
    Killed {
        polls: usize,
        step: Box<Step>,
    },
}

fn people() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3_usize, 1..16_u8, 0..2_usize, 1..6_u32).prop_map(|(user, resources, address, minutes)| {
            Step::Start { user, resources, address, minutes }
        }),
        3 => (0..20_usize).prop_map(Step::Stop),
        1 => (0..20_usize).prop_map(Step::Extend),
        1 => (0..4_usize, any::<bool>()).prop_map(|(resource, drains)| Step::Delete { resource, drains }),
        2 => (0..3_usize, any::<bool>()).prop_map(|(user, is_active)| Step::Deactivate { user, is_active }),
        1 => (0..3_usize).prop_map(|user| Step::DeletePerson { user }),
    ]
}

fn workers() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1..4_usize).prop_map(|group| Step::Work { group }),
        3 => Just(Step::Sweep),
        1 => Just(Step::Reconcile),
    ]
}

fn cloud() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..5_u8).prop_map(Step::Meet),
        2 => any::<bool>().prop_map(Step::Outage),
        2 => any::<bool>().prop_map(Step::Deny),
        2 => (1..4_usize).prop_map(|group| Step::TakeTagOff { group }),
        2 => any::<bool>().prop_map(|is_other| Step::Replace { is_other }),
        2 => (1..4_usize).prop_map(|group| Step::Freeze { group }),
        2 => Just(Step::Thaw),
        2 => any::<bool>().prop_map(Step::Late),
        1 => Just(Step::Arrive),
        1 => Just(Step::Hang),
        1 => Just(Step::Throttle),
        2 => Just(Step::Heal),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let simple = prop_oneof![
        14 => people(),
        3 => (1..240_i64).prop_map(|seconds| Step::Pass { seconds }),
        10 => workers(),
        8 => cloud(),
    ];
    let polls = proptest::option::weighted(0.25, 1..120_usize);
    let skew = proptest::option::weighted(0.4, -30..31_i64);
    (simple, polls, skew).prop_map(|(mut step, polls, skew)| {
        if let Some(seconds) = skew {
            step = Step::Skewed { seconds, step: Box::new(step) };
        }
        if let Some(polls) = polls {
            step = Step::Killed { polls, step: Box::new(step) };
        }
        step
    })
}

/// A world, and what the steps refer to by number.
struct History {
    world: World,
    cloud: Misbehaving,
    circuit: CircuitBreaker,
    users: Vec<User>,
    resources: Vec<ResourceId>,
    sessions: Vec<SessionId>,
    /// A rule that was there before ours.
    foreign: String,
}

/// The rule that somebody else has made, and that sessions will want as well.
fn foreign_rule() -> CloudRule {
    let opening = Opening { protocol: Protocol::Tcp, ports: Some((22, 22)) };
    let ingress = Ingress { address: ADDRESSES[0].parse().unwrap(), opening };
    CloudRule { id: String::new(), ingress: Some(ingress), version: Some(IpVersion::V4), tag: None }
}

impl History {
    async fn new() -> Self {
        let world = World::of(TestApp::new().await).await;
        let mut resources = Vec::new();
        for number in GROUPS {
            resources.push(ResourceId::parse(&world.resource(number).await).unwrap());
        }
        let mut users = Vec::new();
        for user in USERS {
            users.push(entered(&world.app.db, ORG, user, world.app.now()).await);
        }
        let foreign = world.app.sky.add_rule(&group(3), foreign_rule());
        // One place is left in a group that three people want.
        for number in 1..60 {
            let ingress = Ingress::parse(&format!("192.0.2.{number}|tcp|22-22"));
            let version = Some(IpVersion::V4);
            let rule = CloudRule { id: String::new(), ingress, version, tag: None };
            world.app.sky.add_rule(&group(2), rule);
        }
        world.app.sky.put_key_into_account("AKIA2", AccountId::from_number(2));
        let (cloud, circuit) = (Misbehaving::of(&world), CircuitBreaker::default());
        Self { world, cloud, circuit, users, resources, sessions: Vec::new(), foreign }
    }

    async fn take(&mut self, step: &Step, now: Timestamp) -> Result<(), StoreError> {
        let (app, db) = (&self.world.app, &self.world.app.db);
        match step {
            Step::Start { user, resources, address, minutes } => {
                let chosen = (0..4).filter(|number| resources & (1 << number) != 0);
                let ids: Vec<_> = chosen.map(|number| self.resources[number]).collect();
                let body = json!({
                    "resourceIds": ids, "durationMinutes": minutes, "ipv4Address": ADDRESSES[*address],
                });
                let session = support::sessions::start(db, &self.users[*user], body, now).await?;
                self.sessions.push(session.head.id);
            }
            Step::Stop(number) => {
                if let Some(id) = self.session(*number) {
                    db.end_session(&actor(ORG), id, now).await?;
                }
            }
            Step::Extend(number) => {
                if let Some(id) = self.session(*number) {
                    let Value::Object(members) = json!({"additionalMinutes": 2}) else { panic!() };
                    let more: Extension = Fields::read(members).unwrap();
                    let owner = db.session(&org(ORG), id).await?.unwrap().head.user_id;
                    let user = self.users.iter().find(|user| user.id == owner).unwrap();
                    let whose = (id, Owner { user, is_org_admin: true });
                    db.extend_session(&actor(ORG), whose, &more, &SessionLimits::default(), now).await?;
                }
            }
            Step::Pass { seconds } => {
                // No call is under way for longer than half a minute.
                self.cloud.arrive().await;
                app.advance_seconds(*seconds);
            }
            Step::Work { group: number } => {
                let worker = RuleWorker::new(self.cloud.tools(&self.world)).at_pace(QUICK);
                let groups = [(org(ORG), group(*number))];
                worker.with_circuit(self.circuit.clone()).run(groups, now).await;
            }
            Step::Sweep => {
                let sweeper = SessionSweeper::new(self.cloud.tools(&self.world)).at_pace(QUICK);
                let _ = sweeper.with_circuit(self.circuit.clone()).run(now).await?;
            }
            Step::Reconcile => {
                let reconciler = RuleReconciler::new(self.cloud.tools(&self.world)).at_pace(QUICK);
                let _ = reconciler.with_circuit(self.circuit.clone()).run(now).await?;
            }
            Step::Meet(number) => {
                let faults = [Fault::Throttle, Fault::Lose, Fault::Drop, Fault::HalfApply, Fault::Lie];
                app.sky.fault_next(faults[usize::from(*number)].clone());
            }
            Step::Outage(is_down) => app.sky.set_down(*is_down),
            Step::Deny(true) => app.sky.deny("AKIA1"),
            Step::Deny(false) => app.sky.allow("AKIA1"),
            Step::Delete { resource, drains } => {
                let (id, actor) = (self.resources[*resource], actor(ORG));
                if *drains {
                    db.drain_resource(&actor, id, &Precondition::None, now).await?;
                } else {
                    db.delete_resource(&actor, id, &Precondition::None, now).await?;
                }
            }
            Step::Deactivate { user, is_active } => {
                let Value::Object(members) = json!({"isActive": is_active}) else { panic!() };
                let patch = Fields::read(members).unwrap();
                let id = &self.users[*user].id;
                db.update_user(&actor(ORG), id, &patch, &Precondition::None, now).await?;
            }
            Step::DeletePerson { user } => {
                let id = self.users[*user].id.clone();
                db.delete_user(&actor(ORG), &id, &Precondition::None, now).await?;
                self.users[*user] = entered(db, ORG, USERS[*user], now).await;
            }
            Step::TakeTagOff { group: number } => self.take_the_tag_off(*number).await,
            Step::Replace { is_other } => self.replace(*is_other).await,
            Step::Freeze { group: number } => self.cloud.freeze(&group(*number)),
            Step::Thaw => self.cloud.thaw(),
            Step::Late(is_late) => self.cloud.make_late(*is_late),
            Step::Arrive => self.cloud.arrive().await,
            Step::Hang => self.cloud.hang("AKIA1"),
            Step::Throttle => self.cloud.throttle("AKIA1"),
            Step::Heal => self.cloud.heal(),
            Step::Skewed { seconds, step } => {
                Box::pin(self.take(step, now.plus_seconds(*seconds))).await?;
            }
            Step::Killed { polls, step } => {
                let _ = Killed::after(*polls, Box::pin(self.take(step, now))).await;
            }
        }
        Ok(())
    }

    /// Takes the tag off a rule of which the ledger knows the id.
    async fn take_the_tag_off(&self, number: usize) {
        let table = self.world.app.db_table().await;
        let known = |id: &str| {
            let mut rules = table.values().filter(|item| item["entity"] == "RULE");
            rules.any(|rule| rule["found"]["providerRuleId"] == id)
        };
        let rules = self.world.rules(number);
        if let Some(rule) = rules.iter().find(|rule| rule.tag.is_some() && known(&rule.id)) {
            self.world.app.sky.edit_rule(&group(number), &rule.id, |rule| rule.tag = None);
        }
    }

    /// Whether the table is in trouble decides whether that succeeds: the history goes on either way.
    async fn replace(&self, is_other: bool) {
        let key = if is_other { "AKIA2" } else { "AKIA1" };
        let value = json!({"accessKeyId": key, "secretAccessKey": "s"});
        let body = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
        let path = format!("/credentials/{}/", self.world.credential);
        let _ = self.world.app.admin().put(&path, body).await;
    }

    fn session(&self, number: usize) -> Option<SessionId> {
        (!self.sessions.is_empty()).then(|| self.sessions[number % self.sessions.len()])
    }

    /// What is wrong after a step. A call of somebody who was killed may still be under way: what is wrong must stay so.
    async fn faults(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for _ in 0..20 {
            wrong = faults(&self.world.app).await;
            if !self.world.rules(3).iter().any(|rule| rule.id == self.foreign && rule.tag.is_none()) {
                wrong.push("the rule that was there before is gone".into());
            }
            if wrong.is_empty() {
                break;
            }
        }
        wrong
    }

    /// Everything heals, time passes, and the workers do their rounds.
    async fn rest(&self) -> Vec<String> {
        let app = &self.world.app;
        app.sky.heal();
        app.sky.allow("AKIA1");
        self.cloud.heal();
        self.cloud.arrive().await;
        app.advance_seconds(61);
        self.replace(false).await;
        // What was refused is tried once a day; what may still arrive is looked for after a minute and a half; and a former value
        // goes when the sweeper has looked twice.
        for seconds in [61, 61, 61, 25 * 3600, 61, 61, 301, 301] {
            app.advance_seconds(seconds);
            SessionSweeper::new(app.tools()).run(app.now()).await.unwrap();
        }
        RuleReconciler::new(app.tools()).run(app.now()).await.unwrap();
        unrest(app).await
    }
}

/// Visits are given up early, so that an account that hangs costs the test little time.
const QUICK: Pace = Pace { visit: Duration::from_millis(400), run: Duration::from_secs(40) };

/// One call to AWS of so many meets with trouble, where any does.
const TROUBLE_ONE_IN: u64 = 8;

async fn run(seed: Option<u64>, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut history = History::new().await;
    if let Some(seed) = seed {
        history.world.app.tap.trouble_by_seed(seed, TROUBLE_ONE_IN);
    }
    for (number, step) in steps.iter().enumerate() {
        let now = history.world.app.now();
        match history.take(step, now).await {
            Ok(()) | Err(StoreError::Refused(_)) => {}
            Err(StoreError::Busy(_)) if seed.is_some() => {}
            Err(error) => return Err(TestCaseError::fail(format!("step {number}, {step:?}: {error:?}"))),
        }
        let wrong = history.faults().await;
        prop_assert!(wrong.is_empty(), "after step {}, {:?}: {:#?}", number, step, wrong);
    }
    history.world.app.tap.no_more_trouble();
    let wrong = history.rest().await;
    prop_assert!(wrong.is_empty(), "at rest: {:#?}", wrong);
    Ok(())
}

/// Histories in one run of the tests.
const CASES: u32 = 24;

/// What proptest would run.
const USUAL_CASES: u32 = 256;

#[test]
fn ledger_and_cloud_agree_after_every_history() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let given = Config::default();
    // PROPTEST_CASES asks for more.
    let cases = if given.cases == USUAL_CASES { CASES } else { given.cases };
    let config = Config { cases, max_shrink_iters: 200, failure_persistence: None, ..given };
    let seeds = proptest::option::of(1..u64::MAX);
    let histories = (seeds, proptest::collection::vec(step(), 1..40));
    TestRunner::new(config).run(&histories, |(seed, steps)| runtime.block_on(run(seed, &steps))).unwrap();
}
