//! Sessions as the API shows them.

use model::id::{ResourceId, SessionId, SessionRowId, UserId};
use model::ingress::IpVersion;
use model::session::{EndedReason, RowStatus, Session, SessionRow, SessionStatus};
use model::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use store::{ShownSession, StillOpen};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    id: SessionId,
    user_id: UserId,
    user_name: Option<String>,
    user_email: Option<String>,
    ipv4_address: Option<Ipv4Addr>,
    ipv6_address: Option<Ipv6Addr>,
    status: SessionStatus,
    started_at: Timestamp,
    expires_at: Timestamp,
    ended_at: Option<Timestamp>,
    ended_reason: Option<EndedReason>,
    reason: Option<String>,
    resource_ips: Vec<RowView>,
    created_at: Timestamp,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RowView {
    id: SessionRowId,
    resource_id: ResourceId,
    resource_name: String,
    ip_version: u8,
    ip_address: IpAddr,
    status: RowStatus,
    provider_rule_id: Option<String>,
    applied_at: Option<Timestamp>,
    removed_at: Option<Timestamp>,
    error_message: Option<String>,
    /// Absent unless it was looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    still_open: Option<OpenFor>,
}

/// The other sessions for which a port is open. `null` if there is none.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct OpenFor(Option<OtherSessions>);

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OtherSessions {
    session_ids: BTreeSet<SessionId>,
}

impl SessionView {
    #[must_use]
    pub fn of(session: Session, now: Timestamp) -> Self {
        let status = session.status(now);
        let ended_at = session.head.ended_at();
        let head = session.head;
        Self {
            id: head.id,
            user_id: head.user_id,
            user_name: head.user_name,
            user_email: head.user_email,
            ipv4_address: head.ipv4_address,
            ipv6_address: head.ipv6_address,
            status,
            started_at: head.started_at,
            expires_at: head.expires_at,
            ended_at,
            ended_reason: head.ended_reason,
            reason: head.reason,
            resource_ips: session.rows.into_iter().map(RowView::of).collect(),
            created_at: head.started_at,
        }
    }
}

impl SessionView {
    /// An unreadable session shows its known members and the status `UNREADABLE`.
    #[must_use]
    pub fn shown(shown: ShownSession, now: Timestamp) -> Self {
        let view = Self::of(shown.session, now);
        if shown.is_unreadable { Self { status: SessionStatus::Unreadable, ..view } } else { view }
    }
}

impl SessionView {
    /// Adds the ports that are still open.
    #[must_use]
    pub fn with_still_open(mut self, mut open: StillOpen) -> Self {
        for row in &mut self.resource_ips {
            let others =
                |found: Option<BTreeSet<SessionId>>| found.map(|session_ids| OtherSessions { session_ids });
            row.still_open = open.remove(&row.id).map(|found| OpenFor(others(found)));
        }
        self
    }
}

impl RowView {
    fn of(row: SessionRow) -> Self {
        Self {
            id: row.id,
            resource_id: row.resource_id,
            ip_version: IpVersion::of(row.address).number(),
            ip_address: row.address,
            status: row.status(),
            provider_rule_id: row.provider_rule_id().map(String::from),
            applied_at: row.applied_at(),
            removed_at: row.removed_at(),
            error_message: row.error().map(String::from),
            resource_name: row.resource_name,
            still_open: None,
        }
    }
}
