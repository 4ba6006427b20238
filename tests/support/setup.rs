//! What tests differ in: the settings of a deployment, and a second environment of its functions.

use auth::{Fetch, FetchFault, JwtSettings, Verifier};
use firewall::simulated::SimulatedCloud;
use firewall::{AccountId, CloudAccess, Firewall, FirewallError, GroupDescription, GroupRef, NewRule};
use futures_util::future::BoxFuture;
use local::gateway::{Escapes, Front, Gateway, TrailingSlash};
use model::rate::RateLimit;
use model::session::{PER_PERSON_MAX, SessionLimits};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::{Store, Vault};
use timers::{InMemory, SessionTimers, Timer};
use web::clock::Clock;
use web::{App, Edge, EdgeSource, Origins, Parts};

use crate::{Client, FaultProxy, at_millis, jwt_settings};

/// What a deployment sets, as far as tests differ in it.
pub struct Setup {
    /// Whose tokens are accepted.
    pub jwt: JwtSettings,
    /// Where the issuer's keys come from.
    pub fetch: Arc<dyn Fetch>,
    /// How often a caller may call. Tests call as often as they like: their clock stands still.
    pub rate: Option<RateLimit>,
    /// How long sessions may last, and how many of one person may run.
    pub sessions: SessionLimits,
    /// Web pages that may call.
    pub origins: Origins,
    /// The distribution whose word about the caller's address counts.
    pub edge: EdgeSource,
    /// What the gateway does with paths that end in a slash.
    pub slash: TrailingSlash,
    /// What stands in front of the API's paths.
    pub front: Front,
    /// How the gateway reads escapes.
    pub escapes: Escapes,
    /// The cloud behind the firewall. Two deployments can have the same one.
    pub cloud: SimulatedCloud,
}

/// As many sessions of one person as a deployment can allow: most tests are about something else than the quota.
#[must_use]
pub fn many_sessions() -> SessionLimits {
    SessionLimits { per_person: PER_PERSON_MAX, ..SessionLimits::default() }
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            jwt: jwt_settings(),
            fetch: Arc::new(NoNetwork),
            rate: None,
            sessions: many_sessions(),
            origins: Origins::default(),
            edge: Edge::default().into(),
            slash: TrailingSlash::default(),
            front: Front::default(),
            escapes: Escapes::default(),
            cloud: SimulatedCloud::strict(),
        }
    }
}

/// What of a setup is the gateway's.
pub(crate) struct Way(TrailingSlash, Front, Escapes);

impl Way {
    /// The gateway with it.
    pub(crate) fn in_front_of(self, gateway: Gateway) -> Gateway {
        let Self(slash, front, escapes) = self;
        gateway.with_slash(slash).with_front(front).with_escapes(escapes)
    }
}

impl Setup {
    /// What of it is the gateway's.
    pub(crate) fn way(&self) -> Way {
        Way(self.slash, self.front.clone(), self.escapes)
    }

    /// An environment of a function with these settings.
    pub(crate) fn app(
        self,
        (db, vault, cloud, timers): (&Store, &Vault, &SimulatedCloud, &InMemory),
        proxy: &Arc<FaultProxy>,
        clock: Clock,
    ) -> App {
        App::new(Parts {
            store: db.clone(),
            verifier: Some(Verifier::new(&self.jwt, self.fetch).expect("a verifier")),
            vault: Some(vault.clone()),
            firewall: Some(judged(cloud.clone(), proxy)),
            timers: Some(Arc::new(Judged { inner: timers.clone(), proxy: Arc::clone(proxy) })),
            sessions: self.sessions,
            rate: self.rate,
            origins: self.origins,
            edge: self.edge,
            clock,
        })
    }
}

/// A service in the process whose callers' policies are asked.
struct Judged<S> {
    inner: S,
    proxy: Arc<FaultProxy>,
}

/// A cloud whose callers may have to assume a role first: the simulated one is asked without.
pub(crate) fn judged(cloud: impl Firewall + 'static, proxy: &Arc<FaultProxy>) -> Arc<dyn Firewall> {
    Arc::new(Judged { inner: cloud, proxy: Arc::clone(proxy) })
}

impl<S> Judged<S> {
    fn judged(&self, action: &str) -> &S {
        self.proxy.judge_action(action);
        &self.inner
    }
}

/// What a cloud's callers need of their own policy: the other permissions are the target role's.
const ASSUME: &str = "sts:AssumeRole TargetRoles";

impl<Cloud: Firewall> Firewall for Judged<Cloud> {
    fn account<'a>(
        &'a self,
        access: &'a CloudAccess,
        region: &'a str,
    ) -> BoxFuture<'a, Result<AccountId, FirewallError>> {
        self.judged(ASSUME).account(access, region)
    }

    fn describe<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
    ) -> BoxFuture<'a, Result<GroupDescription, FirewallError>> {
        self.judged(ASSUME).describe(access, group)
    }

    fn authorize<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
        rules: &'a [NewRule],
    ) -> BoxFuture<'a, Result<(), FirewallError>> {
        self.judged(ASSUME).authorize(access, group, rules)
    }

    fn revoke<'a>(
        &'a self,
        access: &'a CloudAccess,
        group: &'a GroupRef,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<(), FirewallError>> {
        self.judged(ASSUME).revoke(access, group, ids)
    }
}

impl SessionTimers for Judged<InMemory> {
    fn set<'a>(&'a self, timers: &'a [Timer]) -> BoxFuture<'a, usize> {
        self.judged("sqs:SendMessage SessionEnds").set(timers)
    }
}

/// The tests' clock as somebody sees it whose own one is ahead by so many milliseconds.
pub(crate) fn clock_ahead(clock: &Arc<AtomicI64>, millis: i64) -> Clock {
    let ticking = Arc::clone(clock);
    Arc::new(move || at_millis(ticking.load(Ordering::SeqCst) + millis))
}

/// Another environment: [`TestApp::twin`](crate::TestApp::twin).
pub struct Twin(Arc<Gateway>);

impl Twin {
    pub(crate) fn new(gateway: Gateway) -> Self {
        Self(Arc::new(gateway))
    }

    /// A caller without a token.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        Client::new(Arc::clone(&self.0), Vec::new())
    }

    /// A caller with this token.
    #[must_use]
    pub fn client(&self, token: &str) -> Client {
        Client::new(Arc::clone(&self.0), vec![("authorization".into(), format!("Bearer {token}"))])
    }

    /// A caller with this API key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Client {
        Client::new(Arc::clone(&self.0), vec![("x-api-key".into(), key.into())])
    }
}

/// Fetches nothing.
#[derive(Debug)]
pub struct NoNetwork;

impl Fetch for NoNetwork {
    fn get<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchFault>> {
        Box::pin(async move { Err(FetchFault(format!("{url}: there is no network"))) })
    }
}
