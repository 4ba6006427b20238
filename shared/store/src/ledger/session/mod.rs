//! Sessions: a session with its rows, its place among its owner's, and what it holds in the ledger.

mod block;
mod end;
mod evict;
mod forgotten;
mod leave;
mod list;

mod quota;
mod running;
mod still_open;
mod upcoming;

pub(crate) use block::{Block, ROWS_BYTES_MAX, bytes_at_longest, live_rows, newly_settled, rows_attribute};
pub use end::Ended;
pub(crate) use evict::Scope;
pub use list::ShownSession;
pub(crate) use list::Stoppable;
pub use still_open::StillOpen;
pub use upcoming::Upcoming;

use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::id::{OrgId, SessionId};
use model::refusal::Refusal;
use model::session::{Session, SessionHead, SessionRow, SessionStatus};
use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::table::Store;
use crate::table::error::{StoreError, corrupt};
use crate::table::idempotency::Recorded;
use crate::table::item::{Each, Entity, Item, Unreadable, keys_of};
use crate::table::keys::{self, EVICTED, Key, VERSION};

/// On a session: number of blocks of further rows.
pub(crate) const BLOCKS: &str = "blocks";

/// A session as it was read.
pub(crate) struct Loaded {
    pub(crate) org: OrgId,
    pub(crate) head: SessionHead,
    pub(crate) version: i64,
    /// The first block, and the further ones; only those that can be read.
    pub(crate) blocks: Vec<Block>,
    /// Whether it lost rules while it could not be read.
    pub(crate) is_evicted: bool,
    /// The reason where a further block is missing or cannot be read.
    pub(crate) fault: Option<Unreadable>,
}

/// A session in a partition: none, or one, or one whose own item cannot be read.
pub(crate) type Found = Result<Option<Loaded>, Unreadable>;

impl Loaded {
    /// Takes what the session's partition has. A further block that cannot be read hides no other.
    fn read(items: &[Each]) -> Found {
        let Some(own) = items.iter().find(|one| keys_of(one).1 == keys::SESSION_SK) else {
            return Ok(None);
        };
        let item = own.as_ref().map_err(Unreadable::clone)?;
        let (mut loaded, further) = item.read_as(Self::without_further)?;
        for one in items.iter().filter(|one| keys_of(one).1 != keys::SESSION_SK) {
            match one.as_ref().map_err(Unreadable::clone).and_then(|item| item.read_as(Block::read)) {
                Ok(block) => loaded.blocks.push(block),
                Err(unreadable) => loaded.fault = Some(unreadable),
            }
        }
        if loaded.fault.is_none() && loaded.blocks.len() != further + 1 {
            loaded.fault = Some(item.unreadable(&corrupt("a session lacks some of its rows")));
        }
        Ok(Some(loaded))
    }

    /// A session's own item, and the number of further blocks.
    fn without_further(item: &Item) -> Result<(Self, usize), StoreError> {
        if item.entity != Entity::Session {
            return Err(corrupt("a session's item is of another kind"));
        }
        let (org, _) = keys::session_of_partition(item.pk()?).ok_or_else(|| corrupt("a session's key"))?;
        let further = usize::try_from(item.number(BLOCKS)?).map_err(corrupt)?;
        let (head, version) = (item.members()?, item.number(VERSION)?);
        let (blocks, is_evicted) = (vec![Block::read(item)?], item.has(EVICTED));
        Ok((Self { org, head, version, blocks, is_evicted, fault: None }, further))
    }

    /// Nothing, or the reason why some of the session cannot be read.
    pub(crate) fn whole(&self) -> Result<(), StoreError> {
        self.fault.as_ref().map_or(Ok(()), |unreadable| Err(unreadable.error()))
    }

    pub(crate) fn key(&self) -> Key {
        keys::session(&self.org, self.head.id)
    }

    /// The block that stands on the session's item.
    fn first(&self) -> Result<&Block, StoreError> {
        self.blocks.first().ok_or_else(|| corrupt("a session has no rows"))
    }

    /// The state that is shown.
    fn status(&self, now: Timestamp) -> SessionStatus {
        if self.fault.is_some() { SessionStatus::Unreadable } else { self.session().status(now) }
    }

    pub(crate) fn session(&self) -> Session {
        let rows = self.blocks.iter().flat_map(|block| block.rows.iter().cloned()).collect();
        Session { head: self.head.clone(), rows }
    }
}

/// What a start, an extension or a stop did.
pub(crate) enum Changed {
    /// The session as it left it, or as an earlier version kept it.
    To(Box<Session>),
    /// What is kept of it: the session is read again.
    Id(SessionId),
}

/// Its form among the first results. A session may be larger than what is kept, so that only its id is.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum ChangedData {
    Id {
        #[serde(rename = "sessionId")]
        id: SessionId,
    },
    /// Of an earlier version.
    Whole { head: Box<SessionHead>, rows: Vec<SessionRow> },
}

impl Recorded for Changed {
    type Data = ChangedData;

    fn to_data(&self) -> ChangedData {
        let id = match self {
            Self::To(session) => session.head.id,
            Self::Id(id) => *id,
        };
        ChangedData::Id { id }
    }

    fn from_data(data: ChangedData) -> Result<Self, StoreError> {
        Ok(match data {
            ChangedData::Id { id } => Self::Id(id),
            ChangedData::Whole { head, rows } => Self::To(Box::new(Session { head: *head, rows })),
        })
    }
}

impl From<Session> for Changed {
    fn from(session: Session) -> Self {
        Self::To(Box::new(session))
    }
}

pub(crate) fn entry(event: AuditEvent, head: &SessionHead, details: Map<String, Value>) -> AuditEntry {
    AuditEntry {
        event,
        subject: AuditSubject::Session,
        subject_id: head.id.to_string(),
        subject_name: head.user_email.clone().or_else(|| head.user_name.clone()),
        result: AuditResult::Success,
        details,
    }
}

impl Store {
    /// The session that was changed, for the answer: of a repeated request as it is now, as far as it can be read.
    pub(crate) async fn changed(&self, org: &OrgId, changed: Changed) -> Result<ShownSession, StoreError> {
        let id = match changed {
            Changed::To(session) => return Ok(ShownSession { session: *session, is_unreadable: false }),
            Changed::Id(id) => id,
        };
        let found = self.shown_session(org, id, None).await?;
        found.ok_or_else(|| Refusal::SessionNotFound(id).into())
    }

    /// The session with this id.
    ///
    /// # Errors
    /// Busy; a defect also when the session, or some of its rows, cannot be read.
    pub async fn session(&self, org: &OrgId, id: SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.loaded_session(org, id).await?.map(|loaded| loaded.session()))
    }

    pub(crate) async fn loaded_session(
        &self,
        org: &OrgId,
        id: SessionId,
    ) -> Result<Option<Loaded>, StoreError> {
        let found = self.found_session(org, id).await?.map_err(|unreadable| unreadable.error())?;
        found.as_ref().map_or(Ok(()), Loaded::whole)?;
        Ok(found)
    }

    /// The session with this id, as far as it can be read.
    pub(crate) async fn found_session(&self, org: &OrgId, id: SessionId) -> Result<Found, StoreError> {
        Ok(Loaded::read(&self.query_partition_each(&keys::session_partition(org, id)).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kept(result: Value) -> Changed {
        Changed::from_data(serde_json::from_value(result).unwrap()).unwrap()
    }

    #[test]
    fn a_first_result_is_the_id_and_that_of_an_earlier_version_the_session() {
        let id = "019c704c-b040-7218-a8cc-5e16c24a98ac";
        let changed = kept(json!({"sessionId": id}));
        assert!(matches!(&changed, Changed::Id(found) if found.to_string() == id));
        assert_eq!(serde_json::to_value(changed.to_data()).unwrap(), json!({"sessionId": id}));
        let head = json!({
            "id": id, "userId": "grace", "userName": null, "userEmail": null, "ipv4Address": "198.51.100.7",
            "ipv6Address": null, "sourceIp": "198.51.100.7", "reason": null, "startedAt": 1_771_410_600_000_i64,
            "expiresAt": 1_771_414_200_000_i64, "endedAt": null, "endedReason": null,
        });
        let Changed::To(session) = kept(json!({"head": head, "rows": []})) else { panic!("an id") };
        assert_eq!(session.head.id.to_string(), id);
        let changed = Changed::from(*session);
        assert_eq!(serde_json::to_value(changed.to_data()).unwrap(), json!({"sessionId": id}));
    }
}
