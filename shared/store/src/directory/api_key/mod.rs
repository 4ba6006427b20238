//! API keys: a program's credential in place of a token. Only the digest of a key's text is kept.

mod change;
mod use_of;

use model::api_key::{ApiKey, Scope};
use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::credential::Creator;
use model::id::{ApiKeyId, EntryId, OrgId};
use model::snapshot::snapshot;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::Store;
use crate::table::error::{StoreError, corrupt};
use crate::table::idempotency::Recorded;
use crate::table::item::{Entity, Item, time};
use crate::table::keys::{self, HASH};
use crate::table::list::{Listed, PageRequest, each_object};

/// The members of an API key's item.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiKeyData {
    id: ApiKeyId,
    name: String,
    description: Option<String>,
    scopes: Vec<Scope>,
    created_by: Creator,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
    last_used_ip: Option<String>,
    #[serde(with = "model::time::millis")]
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maker_entry: Option<EntryId>,
}

impl From<&ApiKey> for ApiKeyData {
    fn from(key: &ApiKey) -> Self {
        let key = key.clone();
        Self {
            id: key.id,
            name: key.name,
            description: key.description,
            scopes: key.scopes,
            created_by: key.created_by,
            expires_at: key.expires_at.map(Timestamp::unix_millis),
            revoked_at: key.revoked_at.map(Timestamp::unix_millis),
            last_used_at: key.last_used_at.map(Timestamp::unix_millis),
            last_used_ip: key.last_used_ip,
            created_at: key.created_at,
            maker_entry: key.maker_entry,
        }
    }
}

impl Recorded for ApiKey {
    type Data = ApiKeyData;

    fn to_data(&self) -> ApiKeyData {
        self.into()
    }

    fn from_data(data: ApiKeyData) -> Result<Self, StoreError> {
        Ok(Self {
            id: data.id,
            name: data.name,
            description: data.description,
            scopes: data.scopes,
            created_by: data.created_by,
            expires_at: data.expires_at.map(time).transpose()?,
            revoked_at: data.revoked_at.map(time).transpose()?,
            last_used_at: data.last_used_at.map(time).transpose()?,
            last_used_ip: data.last_used_ip,
            created_at: data.created_at,
            maker_entry: data.maker_entry,
        })
    }
}

/// An API key with the digest of its text.
#[derive(Debug, Clone)]
pub struct KeyRecord {
    pub key: ApiKey,
    /// The digest, for the crate `auth`.
    pub hash: Vec<u8>,
}

fn api_key(item: &Item) -> Result<ApiKey, StoreError> {
    ApiKey::from_data(item.members()?)
}

fn entry(event: AuditEvent, key: &ApiKey) -> AuditEntry {
    AuditEntry {
        event,
        subject: AuditSubject::ApiKey,
        subject_id: key.id.to_string(),
        subject_name: Some(key.name.clone()),
        result: AuditResult::Success,
        details: snapshot(key),
    }
}

impl Store {
    /// The API key with this id, also if it is revoked or expired.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn api_key(&self, org: &OrgId, id: ApiKeyId) -> Result<Option<KeyRecord>, StoreError> {
        let Some(item) = self.get(&keys::api_key(org, id)).await? else {
            return Ok(None);
        };
        let hash = item.binary(HASH).map(<[u8]>::to_vec).ok_or_else(|| corrupt("a key has no digest"))?;
        Ok(Some(KeyRecord { key: api_key(&item)?, hash }))
    }

    /// The organization's API keys in the order of their creation, also revoked and expired ones.
    ///
    /// # Errors
    /// `Invalid` for a cursor that was not made for this list; busy or defect.
    pub async fn api_keys_in_order_of_creation(
        &self,
        org: &OrgId,
        page: &PageRequest,
    ) -> Result<Listed<ApiKey>, StoreError> {
        let (items, next) = self.list_page(&keys::api_keys(org), Entity::ApiKey, page).await?;
        Ok(Listed::of(each_object(&items, api_key), next))
    }
}
