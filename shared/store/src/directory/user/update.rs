//! The partial update of a user. A new email moves its guard in the same transaction.

use model::audit::{AuditEvent, changes};
use model::id::{OrgId, UserId};
use model::precondition::Precondition;
use model::principal::{Actor, ActorType};
use model::refusal::Refusal;
use model::sent::Sent;
use model::time::Timestamp;
use model::user::{AppliedToUser, User, UserPatch, email_key};
use model::violation::Violations;

use super::{UserData, ending, entry, guard, user};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::keys;
use crate::table::retry::{Attempt, retry_stale};
use crate::table::tag::{Versioned, require};
use crate::table::transaction::{Commit, Failed, Transaction};

impl Store {
    /// Applies a patch to a user. A patch without changes writes nothing. A deactivation ends the user's sessions; a repeated one ends
    /// those that are left.
    ///
    /// # Errors
    /// `Invalid` for wrong members that differ from the present ones; `UserNotFound`; `PreconditionFailed`; `Invalid` if people change
    /// their own `isActive`; `EmailTaken`; busy or defect.
    pub async fn update_user(
        &self,
        actor: &Actor,
        id: &UserId,
        sent: &Sent<UserPatch>,
        expected: &Precondition,
        now: Timestamp,
    ) -> Result<Versioned<User>, StoreError> {
        retry_stale("the user changed", || async {
            let item = self.get(&keys::user(&actor.org, id)).await?;
            let Some(item) = item else {
                sent.of_nothing().map_err(Refusal::Invalid)?;
                return Err(Refusal::UserNotFound(id.clone()).into());
            };
            let before = user(&item)?;
            let patch = sent.of(&before.value).map_err(Refusal::Invalid)?;
            require(expected, || before.tag())?;
            let applied = patch.apply(&before.value, now);
            refuse_own_activity(actor, &before.value, &applied.user)?;
            if applied.changes.is_empty() {
                if patch.deactivates() {
                    self.end_what_is_left(actor, id, now).await?;
                }
                return Ok(Attempt::Done(before));
            }
            let change = Change { before: &before.value, applied: &applied, ends: patch.deactivates() };
            if let Commit::Done(_) = self.write_user(actor, &change, before.version, now).await? {
                if change.ends {
                    self.end_what_is_noted(actor, id, now).await;
                }
                return Ok(Attempt::Done(before.next(applied.user)));
            }
            Ok(Attempt::STALE)
        })
        .await
    }

    async fn write_user(
        &self,
        actor: &Actor,
        change: &Change<'_>,
        version: i64,
        now: Timestamp,
    ) -> Result<Commit, StoreError> {
        let Change { before, applied, ends } = change;
        let (org, after) = (&actor.org, &applied.user);
        let mut tx = Transaction::new(self);
        tx.replace_data(&keys::user(org, &after.id), &UserData::from(after), version)?;
        move_guard(&mut tx, org, before, after)?;
        if *ends {
            ending::note(&mut tx, org, (&after.id, ending::Why::Deactivated), now)?;
        }
        tx.commit(actor, &entry(AuditEvent::UserUpdate, after, changes(&applied.changes)), now).await
    }
}

/// A change of a user.
struct Change<'a> {
    before: &'a User,
    applied: &'a AppliedToUser,
    /// Whether it deactivates them, also if they are inactive already. Their sessions end with it.
    ends: bool,
}

/// People cannot deactivate or activate themselves.
fn refuse_own_activity(actor: &Actor, before: &User, after: &User) -> Result<(), Refusal> {
    let is_own = actor.kind != ActorType::System && actor.id == before.id;
    if is_own && before.is_active != after.is_active {
        let sentence = "isActive of your own user must be changed by somebody else";
        return Err(Violations::one("isActive", sentence).into());
    }
    Ok(())
}

fn move_guard(tx: &mut Transaction<'_>, org: &OrgId, before: &User, after: &User) -> Result<(), StoreError> {
    let key = |user: &User| user.email.as_deref().map(email_key);
    if key(before) == key(after) {
        return Ok(());
    }
    if let Some(old) = key(before) {
        tx.remove(&keys::email(org, &old));
    }
    if let Some(email) = after.email.clone() {
        tx.create(guard(org, after, &email)?, move |_| Failed::Refuse(Refusal::EmailTaken(email.clone())));
    }
    Ok(())
}
