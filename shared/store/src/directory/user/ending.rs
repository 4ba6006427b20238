//! What ends with a person: their sessions when they are deactivated or deleted, their API keys when they are deleted.
//!
//! The transaction that deactivates or deletes a user leaves a note that says only whose sessions are to be looked after. No
//! time is in it: the times of two requests come from two machines, and nothing may depend on which clock is ahead. A session
//! names the activation of its owner in which it was started, and its transaction requires that activation
//! ([`crate::ledger::session`]). So the note is looked after by what is in the table: of a person who is inactive or absent every
//! session ends, and of one who is active again every session of another activation.

use futures_util::{StreamExt, stream};
use model::api_key::ApiKey;
use model::id::{ActivationId, EntryId, OrgId, UserId};
use model::principal::Actor;
use model::time::Timestamp;
use model::user::User;
use serde::{Deserialize, Serialize};

use crate::ledger::due::due_values;
use crate::ledger::session::Stoppable;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, Item, NewItem};
use crate::table::keys::{self, DATA, DUE_PK, DUE_SK, Round};
use crate::table::list::PageRequest;
use crate::table::transaction::{Receipt, Transaction};
use crate::table::{Store, random};

/// Sessions that are ended at once.
const AT_ONCE: usize = 8;

/// The members of the note. Those of an earlier version named a time, which is not read.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EndingData {
    /// Tells this note from the next one: who has looked after the one must not take the other away.
    #[serde(default)]
    id: String,
    /// Whether the person was deleted: somebody who came since with the same id does not keep their API keys.
    #[serde(default)]
    is_deletion: bool,
}

/// Why there is a note.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Deactivated,
    Deleted,
}

/// Leaves the note.
pub(super) fn note(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    (user, why): (&UserId, Why),
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = keys::ending(org, user);
    let [(_, shard), (_, at)] = due_values(&key, Round::Sweep, now);
    let id = random::token()?;
    let members = EndingData { id, is_deletion: why == Why::Deleted };
    let item = NewItem::new(&key, Entity::Ending, &members)?;
    tx.replace(item.with(DUE_PK, shard).with(DUE_SK, at));
    Ok(())
}

/// What the directory says of the person.
enum Person {
    Absent,
    Here(User),
    /// Their item cannot be read. Nobody can say that they are active, so that nothing of theirs may run on.
    Unreadable,
}

impl Person {
    fn entry(&self) -> Option<EntryId> {
        match self {
            Self::Here(user) => user.entry,
            Self::Absent | Self::Unreadable => None,
        }
    }

    fn keeps(&self) -> Keeps {
        match self {
            Self::Here(user) if user.is_active => Keeps::Activation(user.activation),
            Self::Here(_) | Self::Absent | Self::Unreadable => Keeps::Nothing,
        }
    }
}

/// What a person may keep.
enum Keeps {
    /// Nothing.
    Nothing,
    /// The sessions of this activation.
    Activation(Option<ActivationId>),
}

impl Keeps {
    /// A session without an activation is of an earlier version. That there is a note means that its owner was deactivated
    /// since, or may have been.
    fn keeps(&self, session: &Stoppable) -> bool {
        match self {
            Self::Nothing => false,
            Self::Activation(activation) => activation.is_some() && session.activation == *activation,
        }
    }
}

impl Store {
    /// Does what the note of a user says, and takes the note away.
    ///
    /// # Errors
    /// Busy or defect: the first failure, after everything else was done. The note stays.
    pub async fn process_due_ending(
        &self,
        org: &OrgId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.end_noted(&Actor::system(org.clone()), user, now).await
    }

    /// The same in somebody's name. What fails is done by the sweeper.
    pub(super) async fn end_what_is_noted(&self, actor: &Actor, user: &UserId, now: Timestamp) {
        if let Err(error) = self.end_noted(actor, user, now).await {
            tracing::warn!(?error, "what ends with a user is ended later");
        }
    }

    /// Leaves a note for a user who has been inactive for a while, and does what it says.
    pub(super) async fn end_what_is_left(
        &self,
        actor: &Actor,
        user: &UserId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = Transaction::new(self);
        note(&mut tx, &actor.org, (user, Why::Deactivated), now)?;
        tx.follow_up(&Receipt::of_remains()).await?;
        self.end_what_is_noted(actor, user, now).await;
        Ok(())
    }

    async fn end_noted(&self, actor: &Actor, id: &UserId, now: Timestamp) -> Result<(), StoreError> {
        let key = keys::ending(&actor.org, id);
        let Some(found) = self.get_readable_or_not(&key).await? else { return Ok(()) };
        let mut failures = Failures::default();
        let seen = found.map_err(|note| failures.note(id, note.error())).ok();
        // The sessions before the person: one that starts after it was looked for is of an activation that lasts.
        let sessions = self.stoppable_sessions_of(&actor.org, id, now).await?;
        let person = self.person(&actor.org, id, &mut failures).await?;
        let keeps = person.keeps();
        let ending = sessions.found.into_iter().filter(|session| !keeps.keeps(session));
        // A session that cannot be read is of no activation that anybody could name.
        let ending = ending.map(|session| session.id).chain(sessions.unreadable);
        let ends = ending.map(|id| async move { (id, self.end_or_evict_session(actor, id, now).await) });
        let mut ends = stream::iter(ends).buffer_unordered(AT_ONCE);
        while let Some((session, outcome)) = ends.next().await {
            outcome.unwrap_or_else(|error| failures.note(&session, error));
        }
        let data = seen.as_ref().and_then(|note| note.members::<EndingData>().ok());
        if data.is_some_and(|note| note.is_deletion) || matches!(person, Person::Absent) {
            self.revoke_keys_of(actor, (id, person.entry()), now, &mut failures).await?;
        }
        failures.first()?;
        // A note that cannot be read has noted a failure, and stays.
        match &seen {
            Some(seen) => self.take_note_away(seen, &key).await,
            None => Ok(()),
        }
    }

    async fn person(&self, org: &OrgId, id: &UserId, failures: &mut Failures) -> Result<Person, StoreError> {
        match self.user(org, id).await {
            Ok(user) => Ok(user.map_or(Person::Absent, |user| Person::Here(user.value))),
            Err(error @ StoreError::Defect(_)) => {
                failures.note(id, error);
                Ok(Person::Unreadable)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes the note away that was looked after, and not one that has come since.
    async fn take_note_away(&self, seen: &Item, key: &keys::Key) -> Result<(), StoreError> {
        let same = Expression::new(format!("#{DATA} = :seen"), [(":seen", seen.map_attribute(DATA)?)]);
        self.delete_if(key, &same).await.map(drop)
    }

    /// Revokes the keys that a deleted person has made, and not those of somebody who is there with the same id. The index may not show one that was made within the last second:
    /// it names an entry of the directory that is not there any more, and opens nothing either way.
    async fn revoke_keys_of(
        &self,
        actor: &Actor,
        (maker, entry): (&UserId, Option<EntryId>),
        now: Timestamp,
        failures: &mut Failures,
    ) -> Result<(), StoreError> {
        let is_kept = |key: &ApiKey| entry.is_some() && key.maker_entry == entry;
        let keys = self.api_keys_in_order_of_creation(&actor.org, &PageRequest::default()).await?.items;
        let is_meant =
            |key: &ApiKey| key.created_by.id == *maker && key.revoked_at.is_none() && !is_kept(key);
        for key in keys.into_iter().filter(is_meant) {
            if let Err(error) = self.revoke_api_key(actor, key.id, now).await {
                failures.note(&key.id, error);
            }
        }
        Ok(())
    }
}

/// Failures that keep nothing else from being done.
#[derive(Default)]
struct Failures(Option<StoreError>);

impl Failures {
    fn note(&mut self, what: &impl std::fmt::Display, error: StoreError) {
        tracing::warn!(%what, ?error, "something of a user does not end");
        self.0.get_or_insert(error);
    }

    /// The first one.
    fn first(self) -> Result<(), StoreError> {
        self.0.map_or(Ok(()), Err)
    }
}
