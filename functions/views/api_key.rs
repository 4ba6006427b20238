//! API keys as the API shows them.

use model::api_key::{ApiKey, Scope};
use model::time::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};

/// A new key.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedApiKey {
    id: String,
    name: String,
    description: Option<String>,
    key_prefix: String,
    #[serde(serialize_with = "shown_once")]
    plain_text_key: Option<SecretString>,
    scopes: Vec<Scope>,
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
}

/// The text of a key leaves Postern only here.
fn shown_once<S: Serializer>(text: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_ref().map(ExposeSecret::expose_secret).serialize(serializer)
}

impl CreatedApiKey {
    /// A repeated request shows the key without its text.
    #[must_use]
    pub fn of(key: ApiKey, text: Option<SecretString>) -> Self {
        Self {
            id: key.id.to_string(),
            key_prefix: key.prefix(),
            name: key.name,
            description: key.description,
            plain_text_key: text,
            scopes: key.scopes,
            expires_at: key.expires_at,
            created_at: key.created_at,
        }
    }
}

/// A key in the list. People recognise it by name and prefix.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyView {
    id: String,
    name: String,
    description: Option<String>,
    key_prefix: String,
    scopes: Vec<Scope>,
    is_revoked: bool,
    revoked_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    last_used_ip: Option<String>,
    created_by_email: Option<String>,
    created_at: Timestamp,
}

impl ApiKeyView {
    #[must_use]
    pub fn of(key: ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            key_prefix: key.prefix(),
            name: key.name,
            description: key.description,
            scopes: key.scopes,
            is_revoked: key.revoked_at.is_some(),
            revoked_at: key.revoked_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            last_used_ip: key.last_used_ip,
            created_by_email: key.created_by.email,
            created_at: key.created_at,
        }
    }
}
