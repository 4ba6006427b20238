//! Which sessions a list shows.

use super::{Session, SessionStatus};
use crate::id::{ResourceId, USER_ID_RULE, UserId};
use crate::time::Timestamp;
use crate::violation::Violations;

/// What sessions must have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// A row on this resource.
    pub resource_id: Option<ResourceId>,
    /// This owner.
    pub user_id: Option<UserId>,
    /// This state.
    pub status: Option<SessionStatus>,
}

impl SessionFilter {
    /// Reads the filter from a query, by the names of its parameters.
    ///
    /// # Errors
    /// Parameters that cannot be read.
    pub fn read<'q>(query: impl Fn(&str) -> Option<&'q str>) -> Result<Self, Violations> {
        let mut wrong = Violations::default();
        let resource_id = query("resourceId").and_then(|text| {
            let id = ResourceId::parse(text).ok();
            if id.is_none() {
                wrong.add("resourceId", "resourceId must be a UUID");
            }
            id
        });
        let user_id = query("userId").and_then(|text| {
            let id = UserId::parse(text).ok();
            if id.is_none() {
                wrong.add("userId", format!("userId {USER_ID_RULE}"));
            }
            id
        });
        let status = query("status").and_then(|text| {
            let status = SessionStatus::parse(text);
            if status.is_none() {
                let known = SessionStatus::ALL.map(SessionStatus::as_str).join(", ");
                wrong.add("status", format!("status must be one of {known}"));
            }
            status
        });
        wrong.or(Self { resource_id, user_id, status })
    }

    /// Whether a session is wanted, with the state that it has at a time.
    #[must_use]
    pub fn admits(&self, session: &Session, now: Timestamp) -> bool {
        self.resource_id.is_none_or(|id| session.opens(id))
            && self.user_id.as_ref().is_none_or(|id| session.head.user_id == *id)
            && self.status.is_none_or(|status| session.status(now) == status)
    }
}
