//! What ends with a person: their sessions if they are deactivated or deleted, and their API keys if they are deleted.
//!
//! The transaction that deactivates or deletes a user leaves a note with their id. It contains no time: two requests have the times of
//! two machines, and nothing may depend on which clock is ahead. Instead, each session names the activation of its owner, and its
//! transaction requires that activation. Processing the note ends every session of an inactive or absent person, and every session of
//! another activation of a person who is active again.

use futures_util::{StreamExt, stream};
use model::api_key::ApiKey;
use model::id::{ActivationId, EntryId, OrgId, UserId};
use model::principal::Actor;
use model::time::Timestamp;
use model::user::User;
use serde::{Deserialize, Serialize};

use crate::ledger::due::due_item;
use crate::ledger::session::Stoppable;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, Item, NewItem};
use crate::table::keys::{self, DATA, Round};
use crate::table::list::PageRequest;
use crate::table::transaction::{Receipt, Transaction};
use crate::table::{Store, random};

/// Concurrent ends of sessions.
const AT_ONCE: usize = 8;

/// The members of the note. An earlier version also wrote a time, which is ignored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EndingData {
    /// Identifies this note, so that a worker does not delete a newer one.
    #[serde(default)]
    id: String,
    /// Whether the person was deleted. A new person with the same id does not keep their API keys.
    #[serde(default)]
    is_deletion: bool,
}

/// Why there is a note.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Deactivated,
    Deleted,
}

/// Leaves the note in a transaction.
pub(super) fn note(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    (user, why): (&UserId, Why),
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = keys::ending(org, user);
    let id = random::token()?;
    let members = EndingData { id, is_deletion: why == Why::Deleted };
    let item = NewItem::new(&key, Entity::Ending, &members)?;
    tx.replace(due_item(item, &key, Round::Sweep, now));
    Ok(())
}

/// What the directory says of the person.
enum Person {
    Absent,
    Here(User),
    /// Their item is unreadable. They may be inactive, so all of their sessions end.
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

/// The sessions that a person keeps.
enum Keeps {
    /// None.
    Nothing,
    /// The sessions of this activation.
    Activation(Option<ActivationId>),
}

impl Keeps {
    /// A session without an activation is of an earlier version. The note means that its owner may have been deactivated since.
    fn keeps(&self, session: &Stoppable) -> bool {
        match self {
            Self::Nothing => false,
            Self::Activation(activation) => activation.is_some() && session.activation == *activation,
        }
    }
}

impl Store {
    /// Ends what a user's note demands, and deletes the note.
    ///
    /// # Errors
    /// Busy or defect: the first failure, after everything else was tried. The note stays.
    pub async fn process_due_ending(
        &self,
        org: &OrgId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.end_noted(&Actor::system(org.clone()), user, now).await
    }

    /// The same on behalf of an actor. The sweeper does what fails.
    pub(super) async fn end_what_is_noted(&self, actor: &Actor, user: &UserId, now: Timestamp) {
        if let Err(error) = self.end_noted(actor, user, now).await {
            tracing::warn!(?error, "what ends with a user is ended later");
        }
    }

    /// Leaves a note for a user who is already inactive, and processes it.
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
        // The sessions are read before the person. A session that starts later has the present activation.
        let sessions = self.stoppable_sessions_of(&actor.org, id, now).await?;
        let person = self.person(&actor.org, id, &mut failures).await?;
        let keeps = person.keeps();
        let ending = sessions.found.into_iter().filter(|session| !keeps.keeps(session));
        // The activation of an unreadable session is unknown.
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
        // An unreadable note counts as a failure, and stays.
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

    /// Deletes the processed note, and not a newer one.
    async fn take_note_away(&self, seen: &Item, key: &keys::Key) -> Result<(), StoreError> {
        let same = Expression::new(format!("#{DATA} = :seen"), [(":seen", seen.map_attribute(DATA)?)]);
        self.delete_if(key, &same).await.map(drop)
    }

    /// Revokes the keys of a deleted person, and not those of a new person with the same id. The index may lack a key of the last second.
    /// Such a key is useless, because it names an entry of the directory that no longer exists.
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

/// Failures after which the work goes on.
#[derive(Default)]
struct Failures(Option<StoreError>);

impl Failures {
    fn note(&mut self, what: &impl std::fmt::Display, error: StoreError) {
        tracing::warn!(%what, ?error, "something of a user does not end");
        self.0.get_or_insert(error);
    }

    /// The first failure.
    fn first(self) -> Result<(), StoreError> {
        self.0.map_or(Ok(()), Err)
    }
}
