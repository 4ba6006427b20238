//! What every handler works with.

use auth::Verifier;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use firewall::{Firewall, NotBuiltIn};
use model::time::Timestamp;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use store::{Store, Vault};

use crate::clock::{self, Clock};
use crate::failure::Failure;
use crate::settings::Settings;

/// What a process has once: the table, the vault, the verifier of tokens, the clock.
pub struct Parts {
    /// The table.
    pub store: Store,
    /// Who calls.
    pub verifier: Verifier,
    /// The vault, where it is known already. A function builds its own at first use.
    pub vault: Option<Vault>,
    /// The cloud whose resources sessions open.
    pub firewall: Arc<dyn Firewall>,
    /// What time it is.
    pub clock: Clock,
}

struct Shared {
    store: Store,
    verifier: Verifier,
    firewall: Arc<dyn Firewall>,
    clock: Clock,
    vault: OnceLock<Vault>,
    /// From which the vault is built when a handler first asks for it. Functions that never ask do not link KMS.
    vault_source: Option<(SdkConfig, String)>,
}

/// How long AWS may take. A call that is given up leaves time to say so in the face of the path; one that the
/// function's own timeout of 10 s cuts off is answered by the gateway, in a body of its own.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(3))
        .operation_timeout(Duration::from_secs(7))
        .build()
}

/// The process's parts, and the time of the request at hand.
#[derive(Clone)]
pub struct App {
    shared: Arc<Shared>,
    /// When the request came in. Handlers and the store take the time from here.
    pub now: Timestamp,
}

impl App {
    /// An app of given parts, for `cargo run` and for tests.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self::assemble(parts, None)
    }

    fn assemble(parts: Parts, vault_source: Option<(SdkConfig, String)>) -> Self {
        let Parts { store, verifier, vault, firewall, clock } = parts;
        let now = clock();
        let vault = vault.map(OnceLock::from).unwrap_or_default();
        Self { shared: Arc::new(Shared { store, verifier, firewall, clock, vault, vault_source }), now }
    }

    /// The app of a Lambda function, from its environment. Clients are built once, here.
    ///
    /// # Errors
    /// A setting that is missing or unusable: the function does not start.
    pub async fn from_env() -> Result<Self, lambda_runtime::Error> {
        let settings = Settings::from_env()?;
        let verifier = Verifier::new(&settings.jwt)?;
        let aws = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts()).load().await;
        let store = Store::new(aws_sdk_dynamodb::Client::new(&aws), settings.table);
        let parts =
            Parts { store, verifier, vault: None, firewall: Arc::new(NotBuiltIn), clock: clock::system() };
        Ok(Self::assemble(parts, settings.kms_key_id.map(|key| (aws, key))))
    }

    /// The app for a request that has just come in.
    #[must_use]
    pub(crate) fn at_request(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), now: self.clock_now() }
    }

    /// What the app's clock says now: for the gateway's event, which carries the time.
    #[must_use]
    pub fn clock_now(&self) -> Timestamp {
        (self.shared.clock)()
    }

    /// The table.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// The cloud whose resources sessions open.
    #[must_use]
    pub fn firewall(&self) -> &dyn Firewall {
        self.shared.firewall.as_ref()
    }

    /// Who may call.
    pub(crate) fn verifier(&self) -> &Verifier {
        &self.shared.verifier
    }

    /// The vault.
    ///
    /// # Errors
    /// An internal failure in a function that was deployed without a KMS key.
    pub fn vault(&self) -> Result<&Vault, Failure> {
        if let Some(vault) = self.shared.vault.get() {
            return Ok(vault);
        }
        let (aws, key) = self
            .shared
            .vault_source
            .as_ref()
            .ok_or_else(|| Failure::internal("this function has no POSTERN_KMS_KEY_ID"))?;
        Ok(self.shared.vault.get_or_init(|| Vault::new(aws_sdk_kms::Client::new(aws), key)))
    }
}
