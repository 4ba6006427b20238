//! A row of the audit log, as it is kept.

use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::id::{ApiKeyId, AuditId, UserId};
use model::json::{self, LISTED_LEVELS_MAX};
use model::principal::{Actor, ActorType};
use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::table::error::{StoreError, corrupt};
use crate::table::item::{Entity, NewItem};
use crate::table::keys;

/// A row as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRow {
    /// Identifier.
    pub id: AuditId,
    /// What happened.
    pub event_type: AuditEvent,
    /// Who did it.
    pub actor_id: UserId,
    /// The actor's email, as the token said.
    pub actor_email: Option<String>,
    /// What kind of party did it.
    pub actor_type: ActorType,
    /// The API key that acted, where one did.
    #[serde(default)]
    pub api_key_id: Option<ApiKeyId>,
    /// Kind of the object.
    pub resource_type: AuditSubject,
    /// The object's id.
    pub resource_id: String,
    /// The object's name at that time, where it was known.
    pub resource_name: Option<String>,
    /// How it ended.
    pub result: AuditResult,
    /// The address that the gateway saw.
    pub ip_address: Option<String>,
    /// The gateway's id of the request, where there was one.
    #[serde(default)]
    pub request_id: Option<String>,
    /// Further members, as JSON text, because a caller's JSON can be deeper than DynamoDB's 32 levels.
    details: String,
    /// When.
    #[serde(with = "model::time::millis")]
    pub created_at: Timestamp,
}

impl AuditRow {
    /// The further members.
    ///
    /// # Errors
    /// A defect if they are not a JSON object, or too deep for a page.
    pub fn details(&self) -> Result<Map<String, Value>, StoreError> {
        match serde_json::from_str(&self.details).map_err(corrupt)? {
            details if json::levels(&details) > LISTED_LEVELS_MAX => Err(corrupt("its details are too deep")),
            Value::Object(details) => Ok(details),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(corrupt("its details are no object"))
            }
        }
    }
}

/// The row for an entry.
pub(crate) fn item(actor: &Actor, entry: &AuditEntry, now: Timestamp) -> Result<NewItem, StoreError> {
    let row = AuditRow {
        id: AuditId::generate(now),
        event_type: entry.event,
        actor_id: actor.id.clone(),
        actor_email: actor.email.clone(),
        actor_type: actor.kind,
        api_key_id: actor.api_key,
        resource_type: entry.subject,
        resource_id: entry.subject_id.clone(),
        resource_name: entry.subject_name.clone(),
        result: entry.result,
        ip_address: actor.ip_address.clone(),
        request_id: actor.request_id.clone(),
        details: Value::Object(entry.details.clone()).to_string(),
        created_at: now,
    };
    NewItem::new(&keys::audit(&actor.org, now, row.id), Entity::Audit, &row)
}
