//! Credentials as a provider's calls need them.

use model::credential::CredentialType;
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
        /// What the role's trust policy asks for.
        external_id: Option<String>,
    },
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
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotForCloud => f.write_str("The credential has no credential_type, and is for no cloud"),
            Self::NoValue => f.write_str("The credential has no value"),
            Self::Lacks(member) => {
                write!(f, "The credential's value must be an object with the text {member}")
            }
        }
    }
}

impl CloudAccess {
    /// Reads the value of a credential.
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn read(kind: Option<CredentialType>, value: Option<&SecretJson>) -> Result<Self, Unusable> {
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
            CredentialType::AssumeRole => Self::AssumeRole {
                role_arn: required("roleArn")?,
                external_id: text("externalId").map(String::from),
            },
        })
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
