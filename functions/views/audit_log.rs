//! An entry of the audit log as the API shows it.

use model::audit::{AuditEvent, AuditResult, AuditSubject};
use model::principal::ActorType;
use model::time::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use store::AuditRow;
use web::Failure;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditLogEntry {
    id: String,
    event_type: AuditEvent,
    actor_id: String,
    actor_email: Option<String>,
    actor_type: ActorType,
    api_key_id: Option<String>,
    resource_type: AuditSubject,
    resource_id: String,
    resource_name: Option<String>,
    result: AuditResult,
    ip_address: Option<String>,
    request_id: Option<String>,
    details: Map<String, Value>,
    #[serde(serialize_with = "to_the_millisecond")]
    created_at: Timestamp,
}

/// The filters `from` and `to` compare milliseconds, so an entry must show them.
fn to_the_millisecond<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.with_millis())
}

impl AuditLogEntry {
    /// # Errors
    /// 500 when the entry cannot be read.
    pub fn of(row: AuditRow) -> Result<Self, Failure> {
        let details = row.details()?;
        Ok(Self {
            id: row.id.to_string(),
            event_type: row.event_type,
            actor_id: row.actor_id.to_string(),
            actor_email: row.actor_email,
            actor_type: row.actor_type,
            api_key_id: row.api_key_id.map(|id| id.to_string()),
            resource_type: row.resource_type,
            resource_id: row.resource_id,
            resource_name: row.resource_name,
            result: row.result,
            ip_address: row.ip_address,
            request_id: row.request_id,
            details,
            created_at: row.created_at,
        })
    }
}
