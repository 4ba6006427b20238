//! Credentials for calls, and whose they are: key pairs as they are, roles assumed and kept until they expire.

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use model::provider::aws;
use secrecy::ExposeSecret;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

use super::answer::{self, Assumed};
use super::query::QueryBody;
use super::signed::{Service, Signer};
use crate::{AccountId, CloudAccess, FirewallError};

/// Temporary credentials are renewed so long before they expire.
const MARGIN: Duration = Duration::from_secs(300);

/// Roles that are kept, and accounts of key pairs. Beyond that many, all are forgotten and asked for again when needed.
const KEPT_MAX: usize = 256;

/// Which credentials are asked for.
#[derive(Debug, Clone, Copy)]
struct Wanted<'a> {
    role: &'a str,
    external_id: &'a str,
    session_name: &'a str,
}

/// By role, external id, and name of the role's session: credentials are good in every region that the account has.
type Kept = HashMap<[String; 3], Assumed>;

pub(super) struct Identities {
    config: SdkConfig,
    kept: Mutex<Kept>,
    /// By the public half of a key pair, which never moves to another account.
    accounts: Mutex<HashMap<String, AccountId>>,
}

impl Identities {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self { config: config.clone(), kept: Mutex::default(), accounts: Mutex::default() }
    }

    pub(super) async fn credentials(
        &self,
        access: &CloudAccess,
        region: &str,
        signer: &Signer,
    ) -> Result<Credentials, FirewallError> {
        match access {
            CloudAccess::AccessKey { access_key_id, secret_access_key, session_token } => {
                let token = session_token.as_ref().map(|token| token.expose_secret().to_owned());
                let secret = secret_access_key.expose_secret();
                Ok(Credentials::new(access_key_id, secret, token, None, "postern"))
            }
            CloudAccess::AssumeRole { role_arn: role, external_id, session_name } => {
                let wanted = Wanted { role, external_id, session_name };
                Ok(self.assumed(wanted, region, signer).await?.credentials)
            }
        }
    }

    pub(super) async fn account(
        &self,
        access: &CloudAccess,
        region: &str,
        signer: &Signer,
    ) -> Result<AccountId, FirewallError> {
        match access {
            CloudAccess::AccessKey { access_key_id, .. } => {
                if let Some(account) = self.accounts.lock().await.get(access_key_id) {
                    return Ok(*account);
                }
                let credentials = self.credentials(access, region, signer).await?;
                let account = owner(credentials, self.sts_of(region)?, signer).await?;
                keep(&mut *self.accounts.lock().await, access_key_id.clone(), account);
                Ok(account)
            }
            CloudAccess::AssumeRole { role_arn: role, external_id, session_name } => {
                let wanted = Wanted { role, external_id, session_name };
                Ok(self.assumed(wanted, region, signer).await?.account)
            }
        }
    }

    /// The function's own.
    async fn own(&self) -> Result<Credentials, FirewallError> {
        let own = self.config.credentials_provider().ok_or_else(no_credentials)?;
        own.provide_credentials().await.map_err(|_| no_credentials())
    }

    /// The function's own region.
    fn home(&self) -> Result<&str, FirewallError> {
        let home =
            self.config.region().ok_or_else(|| FirewallError::Unreachable("there is no region".into()))?;
        Ok(home.as_ref())
    }

    /// The region whose STS is asked about a key pair for a group. Home's, which is sure to be enabled; of another partition only
    /// its own knows the pair.
    fn sts_of<'r>(&'r self, region: &'r str) -> Result<&'r str, FirewallError> {
        let home = self.home()?;
        Ok(if aws::partition(home) == aws::partition(region) { home } else { region })
    }

    /// A role's credentials for a region. STS is asked at home: an account that has not enabled the region of a group has no
    /// identity there. Another partition is not asked at all, and gets no signature of the function's own credentials.
    async fn assumed(
        &self,
        wanted: Wanted<'_>,
        region: &str,
        signer: &Signer,
    ) -> Result<Assumed, FirewallError> {
        let Wanted { role, external_id, session_name } = wanted;
        let home = self.home()?;
        let own = aws::partition(home);
        let of_role = role.split(':').nth(1).unwrap_or_default();
        if let Some(other) = [of_role, aws::partition(region)].into_iter().find(|other| *other != own) {
            return Err(FirewallError::Denied(format!(
                "Postern runs in the partition {own} and can assume no role for the partition {other}: use a key pair"
            )));
        }
        let key = [role, external_id, session_name].map(String::from);
        let now = self.config.time_source().map(|source| source.now());
        if let Some(kept) = self.kept.lock().await.get(&key).filter(|kept| is_fresh(&kept.credentials, now)) {
            return Ok(kept.clone());
        }
        let query = QueryBody::assume_role(role, external_id, session_name);
        let (status, text) = signer.ask(Service::Sts, self.own().await?, home, &query).await?;
        let assumed =
            if status == 200 { answer::assumed(&text)? } else { return Err(refused(&text, external_id)) };
        keep(&mut *self.kept.lock().await, key, assumed.clone());
        Ok(assumed)
    }
}

/// Asks whose a key pair is.
async fn owner(credentials: Credentials, region: &str, signer: &Signer) -> Result<AccountId, FirewallError> {
    let (status, text) = signer.ask(Service::Sts, credentials, region, &QueryBody::caller_identity()).await?;
    if status == 200 { answer::account(&text) } else { Err(answer::failure(status, &text)) }
}

fn keep<K: Eq + Hash, V>(kept: &mut HashMap<K, V>, key: K, value: V) {
    if kept.len() >= KEPT_MAX {
        kept.clear();
    }
    kept.insert(key, value);
}

fn no_credentials() -> FirewallError {
    FirewallError::Unreachable("there are no credentials to assume a role with".into())
}

fn is_fresh(kept: &Credentials, now: Option<SystemTime>) -> bool {
    kept.expiry().zip(now).is_some_and(|(expiry, now)| now + MARGIN < expiry)
}

/// What STS said. A role that may not be assumed is the organization's to correct, like a key that may nothing.
fn refused(answer: &str, external_id: &str) -> FirewallError {
    const DENIED: [&str; 5] = [
        "AccessDenied",
        "InvalidClientTokenId",
        "ValidationError",
        "MalformedPolicyDocument",
        "RegionDisabledException",
    ];
    match answer::error(answer) {
        Some((code, _)) if DENIED.contains(&code.as_str()) => FirewallError::Denied(format!(
            "The role cannot be assumed. Its trust policy must name Postern's account and {}",
            aws::told_external_id(external_id)
        )),
        _ => FirewallError::Unreachable("the role was not assumed".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str) -> FirewallError {
        let answer = format!(
            r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code>
            <Message>No.</Message></Error><RequestId>r</RequestId></ErrorResponse>"#
        );
        refused(&answer, "postern:acme")
    }

    #[test]
    fn a_refusal_is_the_organizations_to_correct_and_a_fault_is_not() {
        let FirewallError::Denied(words) = error("AccessDenied") else { panic!("not denied") };
        assert!(words.ends_with("the external id postern:acme"), "{words}");
        assert!(matches!(error("RegionDisabledException"), FirewallError::Denied(_)));
        for fault in ["Throttling", "InternalFailure", "ExpiredTokenException"] {
            assert!(matches!(error(fault), FirewallError::Unreachable(_)), "{fault}");
        }
        assert!(matches!(refused("no XML", "x"), FirewallError::Unreachable(_)));
    }

    #[test]
    fn credentials_are_whole_or_none() {
        let xml = r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
            <AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
            <Expiration>2026-02-18T11:30:00Z</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>AROA1:postern</AssumedRoleId>
            <Arn>arn:aws:sts::123456789012:assumed-role/postern/postern</Arn></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"#;
        let Assumed { credentials, account } = answer::assumed(xml).unwrap();
        assert_eq!(account.to_string(), "123456789012");
        assert_eq!((credentials.access_key_id(), credentials.session_token()), ("ASIA1", Some("t")));
        let expiry = credentials.expiry().unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(expiry, Duration::from_secs(1_771_414_200));
        for missing in ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "AssumedRoleUser"] {
            let without = xml.replace(missing, "Other");
            assert!(answer::assumed(&without).is_err(), "{missing}");
        }
    }
}
