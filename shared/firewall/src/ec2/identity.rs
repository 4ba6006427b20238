//! Credentials for calls: key pairs as they are, roles assumed and kept until they expire.

use aws_config::Region;
use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_types::error::display::DisplayErrorContext;
use secrecy::ExposeSecret;
use std::collections::HashMap;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

use crate::{CloudAccess, FirewallError};

/// Longest wait for STS.
const PATIENCE: Duration = Duration::from_secs(5);

/// Temporary credentials are renewed so long before they expire.
const MARGIN: Duration = Duration::from_secs(300);

/// How a role's sessions are called in the target account's own log.
const SESSION_NAME: &str = "postern";

/// Roles that are kept. Beyond that many, all are forgotten and assumed again when they are needed.
const KEPT_MAX: usize = 256;

/// By role, external id and region.
type Kept = HashMap<(String, Option<String>, String), Credentials>;

pub(super) struct Identities {
    config: SdkConfig,
    kept: Mutex<Kept>,
}

impl Identities {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self { config: config.clone(), kept: Mutex::default() }
    }

    pub(super) async fn credentials(
        &self,
        access: &CloudAccess,
        region: &str,
    ) -> Result<Credentials, FirewallError> {
        match access {
            CloudAccess::AccessKey { access_key_id, secret_access_key, session_token } => {
                let token = session_token.as_ref().map(|token| token.expose_secret().to_owned());
                let secret = secret_access_key.expose_secret();
                Ok(Credentials::new(access_key_id, secret, token, None, "postern"))
            }
            CloudAccess::AssumeRole { role_arn, external_id } => {
                self.assumed(role_arn, external_id.as_ref(), region).await
            }
        }
    }

    async fn assumed(
        &self,
        role: &str,
        external_id: Option<&String>,
        region: &str,
    ) -> Result<Credentials, FirewallError> {
        let key = (role.to_owned(), external_id.cloned(), region.to_owned());
        let now = self.config.time_source().map(|source| source.now());
        if let Some(kept) = self.kept.lock().await.get(&key).filter(|kept| is_fresh(kept, now)) {
            return Ok(kept.clone());
        }
        let mut provider = AssumeRoleProvider::builder(role)
            .session_name(SESSION_NAME)
            .region(Region::new(region.to_owned()))
            .configure(&self.config);
        if let Some(external_id) = external_id {
            provider = provider.external_id(external_id);
        }
        let own = self.config.credentials_provider();
        let own = own.ok_or_else(|| {
            FirewallError::Unreachable("there are no credentials to assume a role with".into())
        })?;
        let provider = SharedCredentialsProvider::new(provider.build_from_provider(own).await);
        let credentials = tokio::time::timeout(PATIENCE, provider.provide_credentials()).await;
        let credentials = credentials
            .map_err(|_| FirewallError::Unreachable("STS gave no answer".into()))?
            .map_err(|error| refused(&error))?;
        let mut kept = self.kept.lock().await;
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, credentials.clone());
        Ok(credentials)
    }
}

fn is_fresh(kept: &Credentials, now: Option<SystemTime>) -> bool {
    kept.expiry().zip(now).is_some_and(|(expiry, now)| now + MARGIN < expiry)
}

/// What STS said. A role that may not be assumed is the organization's to correct, like a key that may nothing.
fn refused(error: &CredentialsError) -> FirewallError {
    let text = DisplayErrorContext(error).to_string();
    let is_denied =
        ["AccessDenied", "InvalidClientTokenId", "ValidationError", "MalformedPolicy", "RegionDisabled"]
            .into_iter()
            .any(|code| text.contains(code));
    if is_denied {
        FirewallError::Denied(
            "The role cannot be assumed: its trust policy, or its external id, does not allow it".into(),
        )
    } else {
        FirewallError::Unreachable("the role was not assumed".into())
    }
}
