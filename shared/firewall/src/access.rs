//! Credentials as a provider's calls need them.

use model::credential::CredentialType;
use model::id::{OrgId, SessionId};
use model::provider::aws;
use model::secret::SecretJson;
use secrecy::SecretString;
use serde_json::{Map, Value};
use std::fmt;

/// How Postern shows a cloud who asks. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub enum CloudAccess {
    /// A key pair: `{"accessKeyId", "secretAccessKey", "sessionToken"?}`.
    AccessKey {
        /// The public half.
        access_key_id: String,
        /// The secret half.
        secret_access_key: SecretString,
        /// Of temporary keys.
        session_token: Option<SecretString>,
    },
    /// A role to assume: `{"roleArn", "externalId"?}`.
    AssumeRole {
        /// The role.
        role_arn: String,
        /// The organization's own, or what a value that was stored before there was one names.
        external_id: String,
        /// On whose behalf, as the target account's own log shows it.
        session_name: String,
    },
}

/// What a call is for, as the target account's own log shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The rules of one session.
    Session(SessionId),
    /// Rules of several sessions.
    Shared,
    /// An administrator asks whether a resource can be reached.
    Verify,
    /// A group is compared with the ledger.
    Compare,
}

/// For people.
impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => id.fmt(f),
            Self::Shared => f.write_str("shared"),
            Self::Verify => f.write_str("verify"),
            Self::Compare => f.write_str("compare"),
        }
    }
}

/// Longest name of a role's session (AWS Security Token Service API Reference, `AssumeRole`).
const SESSION_NAME_MAX: usize = 64;

/// `postern-<organization>-<purpose>`. What is too long is the organization: the end of its name is left out.
fn session_name(org: &OrgId, purpose: &str) -> String {
    let org = aws::as_sts_text(org);
    let room = SESSION_NAME_MAX.saturating_sub("postern--".len() + purpose.len());
    format!("postern-{}-{purpose}", org.get(..room).unwrap_or(&org))
}

/// Why a credential cannot be shown to a cloud. It repeats nothing of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// A plain secret, which is for no cloud.
    NotForCloud,
    /// There is no value.
    NoValue,
    /// The value has not this member, as a text.
    Lacks(&'static str),
    /// The value names the external id of another organization.
    ExternalIdOfAnother,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotForCloud => f.write_str("The credential has no credential_type, and is for no cloud"),
            Self::NoValue => f.write_str("The credential has no value"),
            Self::Lacks(member) => {
                write!(f, "The credential's value must be an object with the text {member}")
            }
            Self::ExternalIdOfAnother => {
                f.write_str("The credential's value has the externalId of another organization")
            }
        }
    }
}

impl CloudAccess {
    /// Reads the value of an organization's credential. A role is assumed with the organization's external id, unless the
    /// value was stored when there was none and names one.
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn read(
        org: &OrgId,
        kind: Option<CredentialType>,
        value: Option<&SecretJson>,
    ) -> Result<Self, Unusable> {
        let kind = kind.ok_or(Unusable::NotForCloud)?;
        let value = value.ok_or(Unusable::NoValue)?;
        let members: Map<String, Value> = serde_json::from_str(value.expose()).unwrap_or_default();
        let text = |name| members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let required = |name| text(name).map(String::from).ok_or(Unusable::Lacks(name));
        Ok(match kind {
            CredentialType::AccessKey => Self::AccessKey {
                access_key_id: required("accessKeyId")?,
                secret_access_key: required("secretAccessKey")?.into(),
                session_token: text("sessionToken").map(SecretString::from),
            },
            CredentialType::AssumeRole => {
                let external_id = text("externalId").map_or_else(|| aws::external_id(org), String::from);
                if aws::is_external_id_of_another(&external_id, org) {
                    return Err(Unusable::ExternalIdOfAnother);
                }
                let session_name = session_name(org, "unnamed");
                Self::AssumeRole { role_arn: required("roleArn")?, external_id, session_name }
            }
        })
    }

    /// The same, for calls that are made on behalf of an organization: for one session, for several, or for none. The target
    /// account's CloudTrail shows it as the name of the role's session, so that each call can be attributed. A key pair has no
    /// such name, and stays as it is. Ask for it before each visit of a group:
    ///
    /// ```
    /// # use firewall::{CloudAccess, Purpose};
    /// # use model::id::{OrgId, SessionId};
    /// # fn visit(access: CloudAccess, org: &OrgId, sessions: &[SessionId]) -> CloudAccess {
    /// let purpose = match sessions {
    ///     [session] => Purpose::Session(*session),
    ///     _ => Purpose::Shared,
    /// };
    /// access.on_behalf_of(org, &purpose)
    /// # }
    /// ```
    #[must_use]
    pub fn on_behalf_of(self, org: &OrgId, purpose: &Purpose) -> Self {
        match self {
            Self::AssumeRole { role_arn, external_id, .. } => {
                let session_name = session_name(org, &purpose.to_string());
                Self::AssumeRole { role_arn, external_id, session_name }
            }
            Self::AccessKey { .. } => self,
        }
    }

    /// Who asks, as a cloud would name them: the key's public half, or the role.
    #[must_use]
    pub fn identity(&self) -> &str {
        match self {
            Self::AccessKey { access_key_id, .. } => access_key_id,
            Self::AssumeRole { role_arn, .. } => role_arn,
        }
    }
}
