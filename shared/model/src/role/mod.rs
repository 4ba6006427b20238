//! Roles, which join people and resources.

mod draft;
mod patch;

pub use draft::RoleDraft;
pub use patch::{AppliedToRole, RolePatch};

use serde::Serialize;

use crate::fields::Fields;
use crate::id::{ResourceId, RoleId, UserId};
use crate::json::whole;
use crate::text::DESCRIPTION_MAX;
use crate::time::Timestamp;

/// Longest session that a role may allow, in hours: a year of 366 days. What a session gets depends on every way to its
/// resources: [`Ways`](crate::session::Ways).
pub const SESSION_HOURS_MAX: u32 = 8_784;

/// A role. Its JSON is the API's representation (docs/api.md).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// Identifier.
    pub id: RoleId,
    /// 1–255 characters, unique in the organization to the letter.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// Hours; `None` is no limit of its own.
    pub max_session_duration_hours: Option<u32>,
    /// The resources that the role's people may open, in the order of their creation.
    pub resource_ids: Vec<ResourceId>,
    /// The role's people.
    pub user_ids: Vec<UserId>,
    /// Creation.
    pub created_at: Timestamp,
    /// The last change of the role itself. Links do not change it.
    pub updated_at: Timestamp,
}

/// `description`. `Some(None)` is an explicit `null`, which clears it.
fn description(fields: &mut Fields) -> Option<Option<String>> {
    if fields.clears("description") {
        return Some(None);
    }
    fields.lines("description", DESCRIPTION_MAX).map(Some)
}

/// `maxSessionDurationHours`. `Some(None)` is an explicit `null`, which lifts the limit.
fn max_session_duration_hours(fields: &mut Fields) -> Option<Option<u32>> {
    let name = "maxSessionDurationHours";
    let value = fields.take(name)?;
    if value.is_null() {
        return Some(None);
    }
    let hours = whole(&value).and_then(|hours| u32::try_from(hours).ok());
    let hours = hours.filter(|hours| (1..=SESSION_HOURS_MAX).contains(hours));
    if hours.is_none() {
        fields.refuse(name, format!("{name} must be a whole number from 1 to {SESSION_HOURS_MAX}"));
    }
    hours.map(Some)
}
