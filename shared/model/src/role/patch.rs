//! The partial update of a role.

use super::{Role, description, max_session_duration_hours};
use crate::audit::FieldChange;
use crate::fields::{Fields, FromFields};
use crate::text::NAME_MAX;
use crate::time::Timestamp;

/// The members of `PATCH /roles/{id}`. Absent members stay as they are; `null` clears the description and lifts the
/// limit.
#[derive(Debug, Clone, Default)]
pub struct RolePatch {
    name: Option<String>,
    description: Option<Option<String>>,
    max_session_duration_hours: Option<Option<u32>>,
}

impl FromFields for RolePatch {
    fn read(fields: &mut Fields) -> Option<Self> {
        let patch = Self {
            name: fields.line("name", NAME_MAX),
            description: description(fields),
            max_session_duration_hours: max_session_duration_hours(fields),
        };
        // Read-only members of the representation. Callers may send them back.
        for read_only in ["id", "resourceIds", "userIds", "createdAt", "updatedAt"] {
            fields.ignore(read_only);
        }
        Some(patch)
    }
}

/// The result of a patch.
#[derive(Debug, Clone)]
pub struct AppliedToRole {
    /// The role afterwards.
    pub role: Role,
    /// Each changed field for the audit log. Empty if nothing changes.
    pub changes: Vec<FieldChange>,
}

impl RolePatch {
    /// Applies the patch. `updatedAt` moves to `now` only if something changes. Running sessions keep the limit under which they were
    /// started.
    #[must_use]
    pub fn apply(&self, role: &Role, now: Timestamp) -> AppliedToRole {
        let mut after = role.clone();
        after.name = self.name.clone().unwrap_or(after.name);
        after.description = self.description.clone().unwrap_or(after.description);
        let hours = self.max_session_duration_hours.unwrap_or(after.max_session_duration_hours);
        after.max_session_duration_hours = hours;
        let changes: Vec<_> = [
            FieldChange::between("name", &role.name, &after.name),
            FieldChange::between("description", &role.description, &after.description),
            FieldChange::between("maxSessionDurationHours", &role.max_session_duration_hours, &hours),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !changes.is_empty() {
            after.updated_at = now;
        }
        AppliedToRole { role: after, changes }
    }
}
