//! The filters of lists of sessions.

use super::{Session, SessionStatus};
use crate::id::{ResourceId, USER_ID_RULE, UserId};
use crate::query::{self, FromQuery};
use crate::time::Timestamp;
use crate::violation::Violations;

/// The filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// A row on this resource.
    pub resource_id: Option<ResourceId>,
    /// This owner.
    pub user_id: Option<UserId>,
    /// This state.
    pub status: Option<SessionStatus>,
}

impl FromQuery for SessionFilter {
    const PARAMETERS: &'static [&'static str] = &["resourceId", "userId", "status"];

    fn read<'q>(query: impl Fn(&str) -> Option<&'q str>) -> Result<Self, Violations> {
        let mut wrong = Violations::default();
        let resource_id = query("resourceId").and_then(|text| {
            let id = ResourceId::parse_spelled(text).ok();
            if id.is_none() {
                wrong.add("resourceId", "resourceId must be a UUID");
            }
            id
        });
        let user_id = query("userId").and_then(|text| {
            let id = UserId::parse_spelled(text).ok();
            if id.is_none() {
                wrong.add("userId", format!("userId {USER_ID_RULE}"));
            }
            id
        });
        let known = SessionStatus::ALL.map(|status| (status, status.as_str()));
        let status = query::word("status", query("status"), known, &mut wrong);
        wrong.or(Self { resource_id, user_id, status })
    }
}

/// The filter of a person's own sessions, without an owner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnSessionFilter(pub SessionFilter);

impl FromQuery for OwnSessionFilter {
    const PARAMETERS: &'static [&'static str] = &["resourceId", "status"];

    fn read<'q>(query: impl Fn(&str) -> Option<&'q str>) -> Result<Self, Violations> {
        SessionFilter::read(|name| query(name).filter(|_| Self::PARAMETERS.contains(&name))).map(Self)
    }
}

impl SessionFilter {
    /// Whether a session passes, with its status at a time.
    #[must_use]
    pub fn admits(&self, session: &Session, now: Timestamp) -> bool {
        self.resource_id.is_none_or(|id| session.opens(id))
            && self.user_id.as_ref().is_none_or(|id| session.head.user_id.is_same(id))
            && self.status.is_none_or(|status| session.status(now) == status)
    }
}
