//! The audit log's vocabulary.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What happened. The spelling is the API's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say all there is")]
pub enum AuditEvent {
    ResourceCreate,
    ResourceUpdate,
    ResourceDelete,
    ResourceHold,
    ResourceRelease,
    RoleCreate,
    RoleUpdate,
    RoleDelete,
    RoleResourceAssign,
    RoleResourceUnassign,
    CredentialCreate,
    CredentialUpdate,
    CredentialDelete,
}

/// The kind of object that an audit row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say all there is")]
pub enum AuditSubject {
    Resource,
    Role,
    Credential,
}

/// One line of the record: what was done to what. Who did it and when is added by the transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// What happened.
    pub event: AuditEvent,
    /// Kind of the object.
    pub subject: AuditSubject,
    /// The object's id, in the spelling of its own face.
    pub subject_id: String,
    /// The object's name at that time, where the operation knows it without an extra read.
    pub subject_name: Option<String>,
    /// Further members; for updates `changes`, from [`changes`].
    pub details: Map<String, Value>,
}

/// A changed field, before and after. Secrets are recorded as changed with both sides masked.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// The field's name on its face.
    pub field: &'static str,
    /// The value before.
    pub from: Value,
    /// The value after.
    pub to: Value,
}

/// What stands in the record for a secret.
pub const MASK: &str = "********";

impl FieldChange {
    /// The change of a field, or nothing when it did not change.
    pub fn between<T: Serialize + PartialEq>(field: &'static str, from: &T, to: &T) -> Option<Self> {
        let json = |value: &T| serde_json::to_value(value).unwrap_or(Value::Null);
        (from != to).then(|| Self { field, from: json(from), to: json(to) })
    }

    /// A secret that was replaced: that it was, and nothing else.
    #[must_use]
    pub fn masked(field: &'static str) -> Self {
        Self { field, from: MASK.into(), to: MASK.into() }
    }
}

/// The `details` of an update: `{"changes": {"<field>": {"from": …, "to": …}}}`.
#[must_use]
pub fn changes(changed: &[FieldChange]) -> Map<String, Value> {
    let fields: Map<String, Value> = changed
        .iter()
        .map(|change| {
            let sides = Map::from_iter([
                (String::from("from"), change.from.clone()),
                (String::from("to"), change.to.clone()),
            ]);
            (String::from(change.field), Value::Object(sides))
        })
        .collect();
    Map::from_iter([(String::from("changes"), Value::Object(fields))])
}
