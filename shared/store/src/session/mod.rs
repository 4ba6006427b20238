//! Sessions: a session with its rows, its place among its owner's, and what it holds in the ledger.
//!
//! | Operation | Calls |
//! |---|---|
//! | start | 4 up to 48 rows of one rule each: the user; their roles; the resources; the transaction |
//! | get | 1 |
//! | list | 2 for each 100: the places; the sessions |
//! | stop, extend | 2: the session; the transaction |
//! | end of a session whose time is over | 2: the session; the transaction |

mod block;
mod end;
mod extend;
mod list;
mod plan;
mod reserve;
mod start;
mod upcoming;

pub(crate) use block::Block;
pub use end::Ended;
pub use start::Wish;
pub use upcoming::Upcoming;

use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::id::{OrgId, SessionId};
use model::session::{Session, SessionHead, SessionRow};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{StoreError, corrupt};
use crate::item::{Entity, Item, number};
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
    /// The first block, and the further ones.
    pub(crate) blocks: Vec<Block>,
}

impl Loaded {
    fn read(items: &[Item]) -> Result<Option<Self>, StoreError> {
        let Some(item) = items.iter().find(|item| item.entity == Entity::Session) else {
            return Ok(None);
        };
        let is_rows = |item: &&Item| matches!(item.entity, Entity::Session | Entity::SessionRows);
        let blocks = items.iter().filter(is_rows).map(Block::read).collect::<Result<Vec<_>, _>>()?;
        let expected = usize::try_from(item.number(BLOCKS)?).map_err(corrupt)?;
        if blocks.len() != expected + 1 || blocks.first().is_none_or(|block| block.number != 0) {
            return Err(corrupt("a session lacks some of its rows"));
        }
        let (org, _) = keys::session_of_partition(item.pk()?).ok_or_else(|| corrupt("a session's key"))?;
        Ok(Some(Self { org, head: item.members()?, version: item.number(VERSION)?, blocks }))
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
    /// Busy or defect.
    pub async fn session(&self, org: &OrgId, id: SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.loaded_session(org, id).await?.map(|loaded| loaded.session()))
    }

    pub(crate) async fn loaded_session(
        &self,
        org: &OrgId,
        id: SessionId,
    ) -> Result<Option<Loaded>, StoreError> {
        Loaded::read(&self.query_partition(&keys::session_partition(org, id)).await?)
    }
}
