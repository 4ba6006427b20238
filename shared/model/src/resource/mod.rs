//! Resources: what a session opens.

mod deletion;
mod draft;
mod patch;

pub use deletion::Drain;
pub use draft::ResourceDraft;
pub use patch::{Applied, NewCredential, ResourcePatch};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::fields::Fields;
use crate::id::{CredentialId, ResourceId};
use crate::json::{self, LEVELS_MAX};
use crate::provider::{Provider, ResourceType};
use crate::time::Timestamp;

/// Largest `config` as JSON text, in bytes. The audit row of an update has both sides, and an item holds 400 KB.
pub const CONFIG_MAX_BYTES: usize = 16 * 1024;

/// A cloud resource whose ingress rules Postern manages. Its JSON is the API's representation (seed
/// `PATCH /resources/{id}`).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// Identifier.
    pub id: ResourceId,
    /// For people, 1–255 characters.
    pub name: String,
    /// The credential for calls to the provider.
    pub credential_id: CredentialId,
    /// The credential's name.
    pub credential_name: String,
    /// Never changes.
    pub provider: Provider,
    /// Never changes.
    pub resource_type: ResourceType,
    /// The provider's own id.
    pub resource_identifier: String,
    /// The region, if the provider has regions.
    pub region: Option<String>,
    /// The source of its rules. It is shown as it was sent.
    pub config: Map<String, Value>,
    /// Only active resources take part in new sessions.
    pub is_active: bool,
    /// The last successful verification.
    pub last_verified_at: Option<Timestamp>,
    /// Creation.
    pub created_at: Timestamp,
    /// The last change.
    pub updated_at: Timestamp,
}

/// `resourceIdentifier`, without the check of its form, which depends on the type.
fn identifier(fields: &mut Fields) -> Option<String> {
    fields.text("resourceIdentifier")
}

/// The message of the seed for an identifier that its type cannot have.
const IDENTIFIER_FAULT: &str = "Invalid resource identifier format";

const REGION_FAULT: &str = "region must be a region of the provider, such as eu-central-1";

/// `credentialId`, in any spelling of a credential.
fn credential_id(fields: &mut Fields) -> Option<CredentialId> {
    let text = fields.text("credentialId")?;
    let id = CredentialId::parse_any(&text).ok();
    if id.is_none() {
        fields.refuse("credentialId", "credentialId must be a UUID, a Base58 id or a credentials:// URI");
    }
    id
}

/// `config`: an object within [`CONFIG_MAX_BYTES`] and [`LEVELS_MAX`]. `Some(None)` is an explicit `null`.
fn config(fields: &mut Fields) -> Option<Option<Map<String, Value>>> {
    match fields.take("config")? {
        Value::Null => Some(None),
        value if json::levels(&value) > LEVELS_MAX => {
            fields.refuse("config", format!("config must have at most {LEVELS_MAX} levels"));
            None
        }
        Value::Object(config) => {
            let length = serde_json::to_string(&config).map_or(usize::MAX, |text| text.len());
            if length > CONFIG_MAX_BYTES {
                fields.refuse("config", format!("config must have at most {CONFIG_MAX_BYTES} bytes"));
                return None;
            }
            Some(Some(config))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            fields.refuse("config", "config must be an object");
            None
        }
    }
}
