//! What the tests share: a whole Postern of their own, and clients to it.
//!
//! Every test has its own embedded DynamoDB with its own table and its own clock, which stands still until the test
//! moves it. Methods that begin with `db_` go past HTTP.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a broken harness should fail its test loudly"
)]

mod attributes;
mod client;
pub mod description;
mod engine;
mod fault_proxy;
pub mod interleave;
pub mod issuer;
pub mod lambda;
pub mod ledger;
pub mod objects;
pub mod planted;
pub mod policies;
pub mod sessions;
mod setup;
mod table;

pub use attributes::attribute_json;
pub use client::{BESIDE, Client, Reply, whole_path};
pub use fault_proxy::{FaultProxy, Gate, Hang, InFunction, Metered, Trouble};
pub use setup::{NoNetwork, Setup, Twin, many_sessions};

use auth::{ClaimNames, JwtKeys, JwtSettings, Mint, mint};
use axum::body::Bytes;
use engine::Engine;
use firewall::Firewall;
use firewall::simulated::SimulatedCloud;
use local::aws::LocalAws;
use local::gateway::Gateway;
use local::scheduler::Scheduler;
use local::template::Template;
use model::audit::AuditFilter;
use model::id::{OrgId, UserId};
use model::principal::{Actor, ActorType, ORG_ADMIN};
use model::query::FromQuery as _;
use model::time::Timestamp;
use serde_json::Value;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use store::{Store, Vault};
use timers::InMemory;
use web::App;
use workers::WorkerContext;

/// When every test begins: 2026-02-18T10:30:00Z, the seeds' own example.
pub const START_MILLIS: i64 = 1_771_410_600_000;

/// The organization of [`TestApp::admin`] and [`TestApp::member`].
pub const ORG: &str = "acme";
/// Another organization.
pub const OTHER_ORG: &str = "globex";
/// The user of [`TestApp::admin`].
pub const ADMIN: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// With what the tests' tokens are signed. Like every secret of the tests it bears the [`planted::PLANTED`] word.
pub const JWT_SECRET: &str = "a PLANTED secret of the tests, 32 bytes or more";

/// A whole Postern.
pub struct TestApp {
    /// The table, past HTTP.
    pub db: Store,
    /// The vault, past HTTP.
    pub vault: Vault,
    /// AWS in the process.
    pub aws: LocalAws,
    /// DynamoDB, past the proxy.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// The name of the table.
    pub table: String,
    /// The calls to AWS, and what happens to them.
    pub proxy: Arc<FaultProxy>,
    /// What every handler gets.
    pub app: App,
    gateway: Arc<Gateway>,
    /// The cloud behind the firewall.
    pub cloud: SimulatedCloud,
    /// The queue of timers.
    pub timers: InMemory,
    /// The functions that nobody calls.
    pub scheduler: Scheduler,
    clock: Arc<AtomicI64>,
    jwt: JwtSettings,
    proxied: aws_sdk_dynamodb::Client,
}

/// Whose tokens the tests' verifier accepts.
#[must_use]
pub fn jwt_settings() -> JwtSettings {
    JwtSettings {
        keys: JwtKeys::Secret(JWT_SECRET.into()),
        issuer: "https://issuer.test".into(),
        audience: "postern-test".into(),
        claims: ClaimNames::default(),
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            planted::assert_no_leak();
            self.proxy.assert_nothing_denied();
        }
    }
}

impl TestApp {
    /// Starts one whose table has no stream: nothing happens by itself.
    pub async fn new() -> Self {
        Self::with_setup(Setup::default()).await
    }

    /// Starts one with settings of its own, whose table has no stream.
    pub async fn with_setup(setup: Setup) -> Self {
        Self::of(&TEMPLATE.clone().without_stream(), setup).await
    }

    /// Starts one whose table has a stream, which [`TestApp::settle`] reads.
    pub async fn alive() -> Self {
        Self::alive_with_setup(Setup::default()).await
    }

    /// The same with settings of its own.
    pub async fn alive_with_setup(setup: Setup) -> Self {
        Self::of(&TEMPLATE, setup).await
    }

    async fn of(template: &Template, setup: Setup) -> Self {
        planted::listen();
        let proxy = Arc::new(FaultProxy::default());
        let aws = LocalAws::in_memory().await.expect("an embedded cloud");
        let Engine { table, dynamodb, proxied, kms } = Engine::new(&aws, template, &proxy).await;
        let clock = Arc::new(AtomicI64::new(START_MILLIS));
        let (db, vault) = (Store::new(proxied.clone(), &table), Vault::new(kms, "alias/test"));
        let cloud = setup.cloud.clone();
        let (jwt, way) = (setup.jwt.clone(), setup.way());
        let timers = InMemory::new(setup::clock_ahead(&clock, 0));
        let app = setup.app((&db, &vault, &cloud, &timers), &proxy, setup::clock_ahead(&clock, 0));
        let gateway = Arc::new(way.in_front_of(Gateway::new(template, app.clone()).expect("a gateway")));
        let scheduler = Scheduler::new(template, app.clone(), (aws.clone(), &table), timers.clone());
        let scheduler = scheduler.expect("a scheduler");
        Self {
            db,
            vault,
            aws,
            dynamodb,
            table,
            proxy,
            app,
            gateway,
            cloud,
            timers,
            scheduler,
            clock,
            jwt,
            proxied,
        }
    }

    /// Another environment of the same functions: with the table and the clock of this one, and nothing else in common.
    #[must_use]
    pub fn twin(&self, setup: Setup) -> Twin {
        let (way, app) = (setup.way(), self.environment(setup, 0));
        Twin::new(way.in_front_of(Gateway::new(&TEMPLATE, app).expect("a gateway")))
    }

    /// An environment of its own for a function, whose clock is ahead by so many milliseconds, or behind.
    #[must_use]
    pub fn app_ahead(&self, millis: i64) -> App {
        self.environment(Setup::default(), millis)
    }

    fn environment(&self, setup: Setup, millis: i64) -> App {
        let clock = setup::clock_ahead(&self.clock, millis);
        setup.app((&self.db, &self.vault, &self.cloud, &self.timers), &self.proxy, clock)
    }

    /// Delivers the messages of timers that have come by now; whether there were any.
    pub async fn deliver_ends(&self) -> bool {
        let mut were_any = false;
        while self.scheduler.deliver().in_function("session-ender").await {
            were_any = true;
        }
        were_any
    }

    /// Lets the stream's worker do what there is to do by now.
    pub async fn settle(&self) {
        let mut batches = 0;
        while self.scheduler.read_stream().in_function("rule-worker").await.expect("a stream") {
            batches += 1;
            assert!(batches < 10_000, "the stream never ends");
        }
    }

    /// A run of the sweeper; its report.
    pub async fn sweep(&self) -> Value {
        self.scheduler.run("session-sweeper").in_function("session-sweeper").await.expect("a sweep")
    }

    /// A run of the reconciler; its report.
    pub async fn reconcile(&self) -> Value {
        self.scheduler.run("rule-reconciler").in_function("rule-reconciler").await.expect("a comparison")
    }

    /// What a worker works with.
    #[must_use]
    pub fn worker_context(&self) -> WorkerContext {
        self.worker_context_with(self.cloud.clone())
    }

    /// The same with a cloud of its own.
    #[must_use]
    pub fn worker_context_with(&self, cloud: impl Firewall + 'static) -> WorkerContext {
        let firewall = setup::judged(cloud, &self.proxy);
        WorkerContext { store: self.db.clone(), vault: self.vault.clone(), firewall }
    }

    /// Another process of the same functions, which remembers nothing of the table.
    #[must_use]
    pub fn another_process(&self) -> App {
        let db = Store::new(self.proxied.clone(), &self.table);
        let clock = setup::clock_ahead(&self.clock, 0);
        Setup::default().app((&db, &self.vault, &self.cloud, &self.timers), &self.proxy, clock)
    }

    /// What the clock says.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        at_millis(self.clock.load(Ordering::SeqCst))
    }

    /// Moves the clock.
    pub fn advance_seconds(&self, seconds: i64) {
        self.advance_millis(seconds * 1000);
    }

    /// Moves the clock.
    pub fn advance_millis(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::SeqCst);
    }

    /// The gateway, for what it answers itself.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// A caller with these headers.
    #[must_use]
    pub fn caller(&self, headers: &[(&str, &str)]) -> Client {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Client::new(Arc::clone(&self.gateway), headers)
    }

    /// A caller without a token.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        self.caller(&[])
    }

    /// A caller with this token.
    #[must_use]
    pub fn bearer(&self, token: &str) -> Client {
        self.caller(&[("authorization", &format!("Bearer {token}"))])
    }

    /// A token for a user of an organization.
    #[must_use]
    pub fn token(&self, sub: &str, org: &str, roles: &[&str]) -> String {
        let roles: Vec<String> = roles.iter().map(|role| String::from(*role)).collect();
        let email = format!("{}@{org}.example", sub.get(..4).unwrap_or(sub));
        let (email, name) = (Some(email.as_str()), Some("Test Person"));
        let token = Mint { sub, org, roles: &roles, email, name, email_verified: false, ttl_seconds: 3600 };
        mint(&self.jwt, &token, self.now()).expect("a token")
    }

    /// An administrator of [`ORG`].
    #[must_use]
    pub fn admin(&self) -> Client {
        self.bearer(&self.token(ADMIN, ORG, &[ORG_ADMIN]))
    }

    /// An administrator of [`OTHER_ORG`].
    #[must_use]
    pub fn other_admin(&self) -> Client {
        self.bearer(&self.token("otheradmin", OTHER_ORG, &[ORG_ADMIN]))
    }

    /// A user of [`ORG`] who is no administrator.
    #[must_use]
    pub fn member(&self) -> Client {
        self.bearer(&self.token("member", ORG, &["USER"]))
    }
}

/// The template, read once in a process.
pub static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::built_in().expect("the template"));

/// A time.
#[must_use]
pub fn at_millis(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis).expect("a time")
}

/// An organization.
#[must_use]
pub fn org(name: &str) -> OrgId {
    OrgId::parse(name).expect("an organization")
}

/// A filter that leaves no row of the audit log out.
#[must_use]
pub fn every_audit_row() -> AuditFilter {
    AuditFilter::read(|name| (name == "limit").then_some("500")).expect("a filter")
}

/// An actor, for operations past HTTP.
#[must_use]
pub fn actor(org_name: &str) -> Actor {
    Actor {
        org: org(org_name),
        kind: ActorType::User,
        id: UserId::parse("tester").expect("a user"),
        email: None,
        name: None,
        api_key: None,
        ip_address: None,
        request_id: None,
        idempotency: None,
    }
}

/// A valid body of `POST /resources`.
#[must_use]
pub fn resource_body(credential: &str) -> Value {
    serde_json::json!({
        "name": "Production API Gateway", "credentialId": credential, "provider": "AWS",
        "resourceType": "SECURITY_GROUP", "resourceIdentifier": "sg-0abc123def456",
        "region": "eu-central-1", "config": {"port": 443, "protocol": "tcp"},
    })
}

pub(crate) fn bytes(text: impl Into<String>) -> Bytes {
    Bytes::from(text.into())
}
