//! Which sessions are over: asked before a rule is made, because what wakes a worker may be late.

use model::id::{OrgId, SessionId};
use model::session::SessionHead;
use model::time::Timestamp;
use std::collections::BTreeSet;

use crate::table::error::StoreError;
use crate::table::item::Item;
use crate::table::{Store, keys};

impl Store {
    /// Those of some sessions that run: not ended, and with time left. A session that cannot be read is none of them, so that
    /// no rule is made for it.
    ///
    /// # Errors
    /// Busy.
    pub async fn running_sessions(
        &self,
        org: &OrgId,
        ids: &BTreeSet<SessionId>,
        now: Timestamp,
    ) -> Result<BTreeSet<SessionId>, StoreError> {
        let keys: Vec<_> = ids.iter().map(|id| keys::session(org, *id)).collect();
        let mut running = BTreeSet::new();
        for found in self.get_each(&keys).await? {
            let head = found.and_then(|item| item.read_as(Item::members::<SessionHead>));
            match head {
                Ok(head) if head.ended_reason.is_none() && now < head.expires_at => {
                    running.insert(head.id);
                }
                Ok(_) => {}
                Err(error) => tracing::error!(?error, "no rule is made for a session that cannot be read"),
            }
        }
        Ok(running)
    }
}
