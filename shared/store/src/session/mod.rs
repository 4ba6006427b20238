//! Sessions: a session with its rows, its place among its owner's, and what it holds in the ledger.
//!
//! | Operation | Calls |
//! |---|---|
//! | start | 4 up to 48 rows of one rule each: the user; their roles; the resources; the transaction |
//! | get | 1; 2 when rows were given up: their rules; 3 when others hold these: the caller's sessions |
//! | list | 2 for each 100: the places; the sessions |
//! | stop | 2: the session; the transaction |
//! | extend | 3: the owner; the session with the owner's roles; the transaction. Above 96 resources 4: the resources as well |
//! | end of a session whose time is over | 2: the session; the transaction |

mod block;
mod end;
mod evict;
mod extend;
mod leave;
mod list;
mod over;
mod plan;
mod reserve;
#[cfg(test)]
mod sizes;
mod start;
mod still_open;
mod upcoming;

pub(crate) use block::Block;
pub use end::Ended;
pub(crate) use evict::{Scope, holders_in};
pub use extend::Owner;
pub use list::ShownSession;
pub(crate) use list::Stoppable;
pub use start::Wish;
pub use still_open::StillOpen;
pub use upcoming::Upcoming;

use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::id::{OrgId, SessionId};
use model::session::{Session, SessionHead, SessionRow};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{StoreError, corrupt};
use crate::item::{Each, Entity, Item, Unreadable, keys_of, number};
use crate::keys::{self, Key, VERSION};
use crate::once::Recorded;
use crate::transaction::{Failed, Transaction};
use crate::{Expression, Store};

/// On a session: number of blocks of further rows.
const BLOCKS: &str = "blocks";

/// A session as it was read.
pub(crate) struct Loaded {
    pub(crate) org: OrgId,
    pub(crate) head: SessionHead,
    pub(crate) version: i64,
    /// The first block, and the further ones; only those that can be read.
    pub(crate) blocks: Vec<Block>,
    /// The reason where a further block is missing or cannot be read.
    pub(crate) fault: Option<Unreadable>,
}

/// A session in a partition: none, or one, or one whose own item cannot be read.
type Found = Result<Option<Loaded>, Unreadable>;

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
        Ok((Self { org, head, version, blocks: vec![Block::read(item)?], fault: None }, further))
    }

    /// Nothing, or the reason why some of the session cannot be read.
    fn whole(&self) -> Result<(), StoreError> {
        self.fault.as_ref().map_or(Ok(()), |unreadable| Err(unreadable.error()))
    }

    fn key(&self) -> Key {
        keys::session(&self.org, self.head.id)
    }

    /// The block that stands on the session's item.
    fn first(&self) -> Result<&Block, StoreError> {
        self.blocks.first().ok_or_else(|| corrupt("a session has no rows"))
    }

    pub(crate) fn session(&self) -> Session {
        let rows = self.blocks.iter().flat_map(|block| block.rows.iter().cloned()).collect();
        Session { head: self.head.clone(), rows }
    }
}

/// A session's form among the first results.
#[derive(Serialize, Deserialize)]
pub(crate) struct SessionData {
    head: SessionHead,
    rows: Vec<SessionRow>,
}

impl Recorded for Session {
    type Data = SessionData;

    fn to_data(&self) -> SessionData {
        SessionData { head: self.head.clone(), rows: self.rows.clone() }
    }

    fn from_data(data: SessionData) -> Result<Self, StoreError> {
        Ok(Self { head: data.head, rows: data.rows })
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

/// Updates a session's item, provided that nothing of it has changed since it was read.
fn update_item(tx: &mut Transaction<'_>, org: &OrgId, loaded: &Loaded, update: &Expression) {
    let update = update.clone().with(":one", number(1));
    let seen = Expression::new("#version = :version", [(":version", number(loaded.version))]);
    tx.update(&keys::session(org, loaded.head.id), &update, &seen, |_| Failed::Stale);
}

impl Store {
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
    async fn found_session(&self, org: &OrgId, id: SessionId) -> Result<Found, StoreError> {
        Ok(Loaded::read(&self.query_partition_each(&keys::session_partition(org, id)).await?))
    }
}
