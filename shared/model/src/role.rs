//! Roles, which join people and resources.

use serde::Serialize;

use crate::fields::{Fields, FromFields};
use crate::id::{ResourceId, RoleId, UserId};
use crate::text::{DESCRIPTION_MAX, NAME_MAX, is_longer};
use crate::time::Timestamp;
use serde_json::Value;

/// Longest session that a role may allow, in hours: a year of 366 days. What a session gets is the smallest of
/// this, the deployment's maximum and the other roles' limits.
pub const SESSION_HOURS_MAX: u32 = 8_784;

/// A role. Its JSON is the API's representation (contract §4).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// Identifier.
    pub id: RoleId,
    /// 1–255 characters, unique in the organization to the letter.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// Hours; none is no limit of this role's own.
    pub max_session_duration_hours: Option<u32>,
    /// The resources that the role's people may open, in the order of their creation.
    pub resource_ids: Vec<ResourceId>,
    /// The role's people.
    pub user_ids: Vec<UserId>,
    /// Creation.
    pub created_at: Timestamp,
    /// The last change of the role itself; links do not move it.
    pub updated_at: Timestamp,
}

/// The members of `POST /roles`.
#[derive(Debug, Clone)]
pub struct RoleDraft {
    name: String,
    description: Option<String>,
    max_session_duration_hours: Option<u32>,
}

impl FromFields for RoleDraft {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.line("name", NAME_MAX);
        let name = fields.require("name", name);
        let description = description(fields);
        let hours = max_session_duration_hours(fields);
        Some(Self { name: name?, description, max_session_duration_hours: hours })
    }
}

fn description(fields: &mut Fields) -> Option<String> {
    match fields.take("description")? {
        Value::Null => None,
        Value::String(text) if !is_longer(&text, DESCRIPTION_MAX) => Some(text),
        Value::String(_) => {
            fields
                .refuse("description", format!("description must have at most {DESCRIPTION_MAX} characters"));
            None
        }
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            fields.refuse("description", "description must be a string");
            None
        }
    }
}

fn max_session_duration_hours(fields: &mut Fields) -> Option<u32> {
    let name = "maxSessionDurationHours";
    let value = fields.take(name)?;
    let hours = value.as_u64().and_then(|hours| u32::try_from(hours).ok());
    let hours = hours.filter(|hours| (1..=SESSION_HOURS_MAX).contains(hours));
    if hours.is_none() && !value.is_null() {
        fields.refuse(name, format!("{name} must be a whole number from 1 to {SESSION_HOURS_MAX}"));
    }
    hours
}

impl RoleDraft {
    /// The role, with nobody and nothing in it.
    #[must_use]
    pub fn create(&self, now: Timestamp) -> Role {
        Role {
            id: RoleId::generate(now),
            name: self.name.clone(),
            description: self.description.clone(),
            max_session_duration_hours: self.max_session_duration_hours,
            resource_ids: Vec::new(),
            user_ids: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }
}
