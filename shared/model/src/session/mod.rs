//! Sessions: for a time, a person's addresses are let in to resources.
//!
//! ```text
//! PENDING -> ACTIVE   every row applied        PENDING|ACTIVE|PARTIAL -> EXPIRING -> CANCELLED  stopped
//!         -> PARTIAL  some applied, some not   PENDING|ACTIVE|PARTIAL -> EXPIRING -> EXPIRED    its time is over
//!         -> FAILED   none applied
//! ```
//!
//! A session's status is not stored: it follows from its rows, from whether it was ended, and from the time: from its
//! `expires_at` on a session that nobody has ended yet is EXPIRING as well.

mod draft;
mod extension;
mod filter;
mod limits;
mod row;

pub use crate::session_status::SessionStatus;
pub use draft::{Addresses, SessionDraft};
pub use extension::Extension;
pub use filter::{OwnSessionFilter, SessionFilter};
pub use limits::{DURATION_HOURS_MAX, PER_PERSON_MAX, SessionLimits, Ways};
pub use row::{Claim, ClaimState, RowStatus, RuleEvent, SessionRow};

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::id::{ActivationId, ResourceId, SessionId, UserId};
use crate::time::Timestamp;

/// Most rows of one session: one for each resource and address.
pub const ROWS_MAX: usize = 2_000;

/// Most blocks in which the rows of one session are written.
pub const BLOCKS_MAX: usize = 94;

/// Most rules and resources of one block of rows.
pub const BLOCK_WRITES_MAX: usize = 96;

/// Why a session ended. The spelling is the API's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EndedReason {
    /// Its owner stopped it.
    Manual,
    /// An administrator did: stopped it, deactivated or deleted its owner, or drained its resource.
    Admin,
    /// Its time was over.
    Expired,
}

/// A session without its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionHead {
    /// Identifier.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// Their name at the start.
    pub user_name: Option<String>,
    /// Their email at the start.
    pub user_email: Option<String>,
    /// The IPv4 address that is let in.
    pub ipv4_address: Option<Ipv4Addr>,
    /// The IPv6 address that is let in.
    pub ipv6_address: Option<Ipv6Addr>,
    /// The address from which it was started, as the gateway saw it.
    pub source_ip: Option<IpAddr>,
    /// What the person said it is for.
    pub reason: Option<String>,
    /// The start.
    #[serde(with = "crate::time::millis")]
    pub started_at: Timestamp,
    /// When its time is over.
    #[serde(with = "crate::time::millis")]
    pub expires_at: Timestamp,
    /// When it was ended. Rules may still be there for a while: a rule's own `removedAt` says when it went.
    pub ended_at: Option<i64>,
    /// Why it was ended.
    pub ended_reason: Option<EndedReason>,
    /// The owner's activation at the start: it ends with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<ActivationId>,
    /// How long it might last in all, in minutes, by what led to its resources at the start. An extension does not go beyond it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_minutes: Option<u32>,
}

impl SessionHead {
    /// When it was ended.
    #[must_use]
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.ended_at.and_then(|millis| Timestamp::from_unix_millis(millis).ok())
    }

    /// The head of the session, ended.
    #[must_use]
    pub fn ended(self, reason: EndedReason, now: Timestamp) -> Self {
        Self { ended_at: Some(now.unix_millis()), ended_reason: Some(reason), ..self }
    }
}

/// A session.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// All but the rows.
    pub head: SessionHead,
    /// One for each resource and address.
    pub rows: Vec<SessionRow>,
}

impl Session {
    /// The state at a time. It follows from the rows, from whether the session was ended, and from whether its time is over:
    /// what has to be ended is shown as ending before somebody has written it down.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> SessionStatus {
        if !self.has_ended() && self.head.expires_at <= now {
            return SessionStatus::Expiring;
        }
        self.recorded_status()
    }

    /// Whether nothing has to end it any more: it was ended, or all of its rules were refused. Its time does not matter.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.head.ended_reason.is_some() || self.recorded_status() == SessionStatus::Failed
    }

    /// The state that the rows and the end give.
    fn recorded_status(&self) -> SessionStatus {
        let has = |status| self.rows.iter().any(|row| row.status() == status);
        match self.head.ended_reason {
            Some(_) if self.rows.iter().any(|row| !row.is_settled()) => SessionStatus::Expiring,
            Some(EndedReason::Expired) => SessionStatus::Expired,
            Some(EndedReason::Manual | EndedReason::Admin) => SessionStatus::Cancelled,
            None if has(RowStatus::Pending) => SessionStatus::Pending,
            None if !has(RowStatus::Applied) => SessionStatus::Failed,
            None if self.rows.iter().any(SessionRow::has_failure) => SessionStatus::Partial,
            None => SessionStatus::Active,
        }
    }

    /// Whether it has a row on a resource.
    #[must_use]
    pub fn opens(&self, resource: ResourceId) -> bool {
        self.rows.iter().any(|row| row.resource_id == resource)
    }
}
