//! Credentials: the secrets with which providers are asked, and their rules (seed `PUT /credentials/:id/`).

pub mod input;
mod listing;
mod update;
mod usable;

pub use crate::principal::Creator;
pub use listing::{CredentialListing, CredentialPage};
pub use update::{CredentialChange, CredentialDraft, CredentialUpdate, ValueChange};

use serde::{Deserialize, Serialize};

use crate::id::{CredentialId, ResourceId, RoleId};
use crate::provider::Provider;
use crate::secret::SecretJson;
use crate::time::Timestamp;

/// Largest `value`, in bytes of its text (a string) or of its JSON (anything else).
pub const VALUE_MAX_BYTES: usize = 64 * 1024;

/// Most former values that are kept of a credential, for the removal of the rules that were made with them.
pub const FORMER_VALUES_MAX: usize = 8;

/// What a credential's value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CredentialType {
    /// A role to assume in the target account.
    AssumeRole,
    /// A long-lived key pair.
    AccessKey,
}

impl CredentialType {
    /// The API's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AssumeRole => "ASSUME_ROLE",
            Self::AccessKey => "ACCESS_KEY",
        }
    }

    /// Reads the API's spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "ASSUME_ROLE" => Some(Self::AssumeRole),
            "ACCESS_KEY" => Some(Self::AccessKey),
            _ => None,
        }
    }
}

/// A credential without its value, which only the vault can open.
#[derive(Debug, Clone, PartialEq)]
pub struct Credential {
    /// Identifier.
    pub id: CredentialId,
    /// 1–255 characters after trimming; not unique.
    pub name: String,
    /// The role whose people it is meant for; none is the whole organization.
    pub team: Option<RoleId>,
    /// Up to 1024 characters; may be empty.
    pub description: String,
    /// The value is never shown.
    pub is_sensitive: bool,
    /// Whether a value is stored.
    pub has_value: bool,
    /// The provider that accepts it; never changes.
    pub provider: Provider,
    /// What the value is for; none is a plain secret.
    pub credential_type: Option<CredentialType>,
    /// Who created it.
    pub creator: Creator,
    /// Creation.
    pub created_at: Timestamp,
    /// The last change.
    pub updated_at: Timestamp,
}

/// A place where a credential is used. The order is that of the representation: by name, then by id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The resource's name.
    pub resource_name: String,
    /// The resource.
    pub resource_id: ResourceId,
}

/// A value that may be shown: only [`Credential::readable`] makes one.
#[derive(Debug)]
pub struct Readable(SecretJson);

impl Readable {
    /// The value as JSON text.
    #[must_use]
    pub fn json(&self) -> &str {
        self.0.expose()
    }
}

impl Credential {
    /// The value as a response may show it: nothing when the credential is sensitive.
    #[must_use]
    pub fn readable(&self, value: Option<SecretJson>) -> Option<Readable> {
        if self.is_sensitive { None } else { value.map(Readable) }
    }
}
