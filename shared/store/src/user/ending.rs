//! The end of a person's sessions, when they are deactivated or deleted.
//!
//! The transaction that deactivates or deletes a user leaves a note. From then on no session of theirs can start; those that
//! run are ended right after it, and by the sweeper if that breaks off.

use futures_util::{StreamExt, stream};
use model::id::{OrgId, UserId};
use model::principal::Actor;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::due::due_values;
use crate::error::StoreError;
use crate::expression::Expression;
use crate::item::{Entity, NewItem, data};
use crate::keys::{self, DUE_PK, DUE_SK, Round};
use crate::transaction::Transaction;

/// Sessions that are ended at once.
const AT_ONCE: usize = 8;

/// The members of the note.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EndingData {
    /// Sessions that were started until then are meant.
    #[serde(with = "model::time::millis")]
    decided_at: Timestamp,
}

/// Leaves the note.
pub(super) fn note(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    user: &UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = keys::ending(org, user);
    let [(_, shard), (_, at)] = due_values(&key, Round::Sweep, now);
    let item = NewItem::new(&key, Entity::Ending, &EndingData { decided_at: now })?;
    tx.replace(item.with(DUE_PK, shard).with(DUE_SK, at));
    Ok(())
}

impl Store {
    /// Ends the sessions of a user for whom there is a note, and takes the note away.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn look_after_ending(
        &self,
        org: &OrgId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.end_noted_sessions(&Actor::system(org.clone()), user, now).await
    }

    /// The same in somebody's name. What fails is done by the sweeper.
    pub(super) async fn end_sessions_now(&self, actor: &Actor, user: &UserId, now: Timestamp) {
        if let Err(error) = self.end_noted_sessions(actor, user, now).await {
            tracing::warn!(?error, "the sessions of a user are ended later");
        }
    }

    async fn end_noted_sessions(
        &self,
        actor: &Actor,
        user: &UserId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let key = keys::ending(&actor.org, user);
        let Some(item) = self.get(&key).await? else { return Ok(()) };
        let decided_at = item.members::<EndingData>()?.decided_at;
        let sessions = self.stoppable_sessions_of(&actor.org, user, decided_at).await?;
        let mut ends = Vec::new();
        for id in sessions {
            ends.push(self.end_or_evict_session(actor, id, now));
        }
        // All that can be ended is, whatever fails on the way.
        let outcomes: Vec<Result<(), StoreError>> = stream::iter(ends).buffered(AT_ONCE).collect().await;
        outcomes.into_iter().collect::<Result<(), _>>()?;
        let same = Expression::new("#data.#decidedAt = :at", [(":at", data(&decided_at.unix_millis())?)]);
        self.delete_if(&key, &same).await.map(drop)
    }
}
