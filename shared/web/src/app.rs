//! What a process builds once, and every handler works with.

use auth::{Fetch, Verifier};
use aws_config::SdkConfig;
use firewall::Firewall;
use firewall::ec2::Ec2;
use futures_util::future::join;
use model::id::{OrgId, UserId};
use model::rate::RateLimit;
use model::session::SessionLimits;
use model::time::Timestamp;
use std::sync::{Arc, OnceLock};
use store::{Kms, Store, Vault};
use timers::{SessionTimers, Sqs};

use crate::aws;
use crate::clock::{self, Clock};
use crate::directory::Directory;
use crate::edge::{Edge, EdgeSource};
use crate::event::EventSource;
use crate::failure::Failure;
use crate::fetch::HttpFetch;
use crate::headers::Origins;
use crate::rate::RateLimiter;
use crate::settings::{EdgeSetting, Settings, WorkerSettings, keys_fault};

/// The parts of an [`App`].
pub struct Parts {
    /// The table.
    pub store: Store,
    /// Verifies tokens. `None` in a function without callers.
    pub verifier: Option<Verifier>,
    /// The vault. With `None` it is built at first use.
    pub vault: Option<Vault>,
    /// The cloud. With `None` it is built at first use.
    pub firewall: Option<Arc<dyn Firewall>>,
    /// The timers of sessions. With `None` they are built at first use.
    pub timers: Option<Arc<dyn SessionTimers>>,
    /// How long sessions last, and how many a person may have.
    pub sessions: SessionLimits,
    /// How often a caller may call. `None` is no limit.
    pub rate: Option<RateLimit>,
    /// The web pages that may call.
    pub origins: Origins,
    /// The CloudFront distribution that may name the caller's address.
    pub edge: EdgeSource,
    /// The source of the time.
    pub clock: Clock,
}

struct Shared {
    store: Store,
    verifier: Option<Verifier>,
    sessions: SessionLimits,
    rate: Option<RateLimiter>,
    directory: Directory,
    origins: Origins,
    edge: EdgeSource,
    clock: Clock,
    vault: OnceLock<Vault>,
    firewall: OnceLock<Arc<dyn Firewall>>,
    timers: OnceLock<Arc<dyn SessionTimers>>,
    /// Builds vault, cloud and timers at first use. A function that never asks for them does not link them.
    aws: Option<Aws>,
}

struct Aws {
    config: SdkConfig,
    kms_key_id: Option<String>,
    session_ends_queue_url: Option<String>,
}

/// The parts of the process, and the time of the current request.
#[derive(Clone)]
pub struct App {
    shared: Arc<Shared>,
    /// When the request arrived. Handlers and the store take the time from here.
    pub now: Timestamp,
}

impl App {
    /// An app of the given parts, for `cargo run` and for tests.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self::assemble(parts, None)
    }

    fn assemble(parts: Parts, aws: Option<Aws>) -> Self {
        let Parts { store, verifier, vault, firewall, timers, sessions, rate, origins, edge, clock } = parts;
        let now = clock();
        let vault = vault.map(OnceLock::from).unwrap_or_default();
        let firewall = firewall.map(OnceLock::from).unwrap_or_default();
        let timers = timers.map(OnceLock::from).unwrap_or_default();
        let rate = rate.map(RateLimiter::new);
        let directory = Directory::default();
        let shared = Shared {
            store,
            verifier,
            sessions,
            rate,
            directory,
            origins,
            edge,
            clock,
            vault,
            firewall,
            timers,
            aws,
        };
        Self { shared: Arc::new(shared), now }
    }

    /// The app of a Lambda function with callers, from its environment.
    ///
    /// # Errors
    /// A missing or wrong setting. The function does not start.
    pub fn from_env() -> Result<Self, lambda_runtime::Error> {
        let settings = Settings::from_env()?;
        let config = aws::config(settings.aws);
        let fetch: Arc<dyn Fetch> = Arc::new(HttpFetch::with_secrets(&config));
        let verifier = Verifier::new(&settings.jwt, Arc::clone(&fetch))
            .map_err(|bad| keys_fault(&settings.jwt, &bad))?
            .renewed_after(settings.keys_max_age);
        let edge = match settings.edge {
            EdgeSetting::Given(edge) => EdgeSource::Given(edge),
            EdgeSetting::Stored(name) => EdgeSource::stored(&name, fetch, settings.keys_max_age),
        };
        let parts = Parts {
            store: Store::new(aws::dynamodb(&config), settings.table),
            verifier: Some(verifier),
            vault: None,
            firewall: None,
            timers: None,
            sessions: settings.sessions,
            rate: settings.rate,
            origins: settings.origins,
            edge,
            clock: clock::system(),
        };
        let aws = Aws { config, kms_key_id: settings.kms_key_id, session_ends_queue_url: None };
        Ok(Self::assemble(parts, Some(aws)))
    }

    /// The app of a Lambda function without callers, from its environment.
    ///
    /// # Errors
    /// A missing or wrong setting. The function does not start.
    pub(crate) fn worker_from_env(source: EventSource) -> Result<Self, lambda_runtime::Error> {
        let settings = WorkerSettings::from_env(source)?;
        let config = aws::config(settings.aws);
        let parts = Parts {
            store: Store::new(aws::dynamodb(&config), settings.table),
            verifier: None,
            vault: None,
            firewall: None,
            timers: None,
            sessions: SessionLimits::default(),
            rate: None,
            origins: Origins::default(),
            edge: Edge::default().into(),
            clock: clock::system(),
        };
        let WorkerSettings { kms_key_id, session_ends_queue_url, .. } = settings;
        Ok(Self::assemble(parts, Some(Aws { config, kms_key_id, session_ends_queue_url })))
    }

    /// The app for a request that has just arrived.
    #[must_use]
    pub(crate) fn at_request(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), now: self.clock_now() }
    }

    /// The clock, for work that takes long: its end has another time than its start.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Arc::clone(&self.shared.clock)
    }

    /// The present time.
    #[must_use]
    pub fn clock_now(&self) -> Timestamp {
        (self.shared.clock)()
    }

    /// The table.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// How long sessions last, and how many a person may have.
    #[must_use]
    pub fn session_limits(&self) -> SessionLimits {
        self.shared.sessions
    }

    /// The cloud.
    ///
    /// # Errors
    /// 500 where the parts have none.
    pub fn firewall(&self) -> Result<Arc<dyn Firewall>, Failure> {
        if let Some(firewall) = self.shared.firewall.get() {
            return Ok(Arc::clone(firewall));
        }
        let aws = self.shared.aws.as_ref().ok_or_else(|| Failure::internal("this app has no firewall"))?;
        Ok(Arc::clone(self.shared.firewall.get_or_init(|| Arc::new(Ec2::new(&aws.config)))))
    }

    /// The timers of sessions.
    ///
    /// # Errors
    /// 500 in a function that was deployed without the queue's URL.
    pub fn timers(&self) -> Result<Arc<dyn SessionTimers>, Failure> {
        if let Some(timers) = self.shared.timers.get() {
            return Ok(Arc::clone(timers));
        }
        let aws = self.shared.aws.as_ref();
        let source = aws.and_then(|aws| Some((&aws.config, aws.session_ends_queue_url.as_ref()?)));
        let (config, queue) =
            source.ok_or_else(|| Failure::internal("this function has no POSTERN_SESSION_ENDS_QUEUE_URL"))?;
        let built = || -> Arc<dyn SessionTimers> { Arc::new(Sqs::new(aws::sqs(config), queue)) };
        Ok(Arc::clone(self.shared.timers.get_or_init(built)))
    }

    pub(crate) fn rate(&self) -> Option<&RateLimiter> {
        self.shared.rate.as_ref()
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.shared.directory
    }

    /// Has a person looked up again at their next request. Other environments do so within seconds.
    pub fn look_up_again(&self, org: &OrgId, person: &UserId) {
        self.shared.directory.forget(org, person);
    }

    pub(crate) fn origins(&self) -> &Origins {
        &self.shared.origins
    }

    pub(crate) fn edge(&self) -> &EdgeSource {
        &self.shared.edge
    }

    /// Reads keys and secrets before the first request, which would have to wait for them.
    pub(crate) async fn warm_up(&self) {
        let now = self.clock_now();
        let keys = async {
            if let Some(verifier) = &self.shared.verifier {
                verifier.warm_up(now).await;
            }
        };
        join(keys, self.shared.edge.warm_up(now)).await;
    }

    pub(crate) fn verifier(&self) -> Result<&Verifier, Failure> {
        self.shared.verifier.as_ref().ok_or_else(|| Failure::internal("this function has no callers"))
    }

    /// The vault.
    ///
    /// # Errors
    /// 500 in a function that was deployed without a KMS key.
    pub fn vault(&self) -> Result<&Vault, Failure> {
        if let Some(vault) = self.shared.vault.get() {
            return Ok(vault);
        }
        let aws = self.shared.aws.as_ref();
        let source = aws.and_then(|aws| Some((&aws.config, aws.kms_key_id.as_ref()?)));
        let (config, key) =
            source.ok_or_else(|| Failure::internal("this function has no POSTERN_KMS_KEY_ID"))?;
        Ok(self.shared.vault.get_or_init(|| Vault::new(Kms::new(config), key)))
    }
}
