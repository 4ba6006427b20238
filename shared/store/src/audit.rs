//! The audit log. Rows are written by [`crate::transaction`] only, and never changed.

use model::audit::{AuditEntry, AuditEvent, AuditSubject};
use model::id::{AuditId, OrgId, UserId};
use model::principal::{Actor, ActorType};
use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{StoreError, corrupt};
use crate::item::{Entity, Item, NewItem};
use crate::{Store, keys};

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
    /// Kind of the object.
    pub resource_type: AuditSubject,
    /// The object's id.
    pub resource_id: String,
    /// The object's name at that time, where it was known.
    pub resource_name: Option<String>,
    /// `SUCCESS`.
    pub result: String,
    /// The address that the gateway saw.
    pub ip_address: Option<String>,
    /// Further members, as JSON text: they are JSON of the caller's making, deeper than DynamoDB's 32 levels.
    details: String,
    /// When.
    #[serde(with = "model::time::millis")]
    pub created_at: Timestamp,
}

impl AuditRow {
    /// The further members.
    ///
    /// # Errors
    /// A defect when they are no JSON object.
    pub fn details(&self) -> Result<Map<String, Value>, StoreError> {
        serde_json::from_str(&self.details).map_err(corrupt)
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
        resource_type: entry.subject,
        resource_id: entry.subject_id.clone(),
        resource_name: entry.subject_name.clone(),
        result: "SUCCESS".into(),
        ip_address: actor.ip_address.clone(),
        details: Value::Object(entry.details.clone()).to_string(),
        created_at: now,
    };
    NewItem::new(&keys::audit(&actor.org, now, row.id), Entity::Audit, &row)
}

impl Store {
    /// Every row of an organization's audit log, oldest first.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn audit_rows_oldest_first(&self, org: &OrgId) -> Result<Vec<AuditRow>, StoreError> {
        let items = self.query_partition(&keys::audit_partition(org)).await?;
        items.iter().map(Item::members).collect()
    }
}
