//! A role as a request for its creation describes it.

use super::{Role, description, max_session_duration_hours};
use crate::fields::{Fields, FromFields};
use crate::id::RoleId;
use crate::text::NAME_MAX;
use crate::time::Timestamp;

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
        let description = description(fields).flatten();
        let hours = max_session_duration_hours(fields).flatten();
        Some(Self { name: name?, description, max_session_duration_hours: hours })
    }
}

impl RoleDraft {
    /// The role, without links.
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
