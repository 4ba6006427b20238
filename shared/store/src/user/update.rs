//! The partial update of a user. A new email moves its guard in the same transaction.

use model::audit::{AuditEvent, changes};
use model::id::{OrgId, UserId};
use model::precondition::Precondition;
use model::principal::Actor;
use model::refusal::Refusal;
use model::time::Timestamp;
use model::user::{AppliedToUser, User, UserPatch, email_key};

use super::{UserData, ending, entry, guard, user};
use crate::error::StoreError;
use crate::expression::Expression;
use crate::item::{data, number};
use crate::keys::VERSION;
use crate::retry::Backoff;
use crate::tag::require;
use crate::transaction::{Commit, Failed, Transaction};
use crate::{Store, Tagged, keys};

impl Store {
    /// Applies a patch to a user. A patch that changes nothing writes nothing. Deactivation ends the user's sessions.
    ///
    /// # Errors
    /// `UserNotFound`; `PreconditionFailed`; `EmailTaken`; busy or defect.
    pub async fn update_user(
        &self,
        actor: &Actor,
        id: &UserId,
        patch: &UserPatch,
        expected: &Precondition,
        now: Timestamp,
    ) -> Result<Tagged<User>, StoreError> {
        let mut backoff = Backoff::default();
        loop {
            let item = self.get(&keys::user(&actor.org, id)).await?;
            let item = item.ok_or_else(|| Refusal::UserNotFound(id.clone()))?;
            let (before, version) = (user(&item)?, item.number(VERSION)?);
            require(expected, || Ok(before.tag.clone()))?;
            let applied = patch.apply(&before.value, now);
            if applied.changes.is_empty() {
                return Ok(before);
            }
            if let Commit::Done(_) = self.write_user(actor, &before.value, &applied, version, now).await? {
                if is_deactivation(&before.value, &applied.user) {
                    self.end_sessions_now(actor, id, now).await;
                }
                return Tagged::new(version + 1, applied.user);
            }
            backoff.pause("the user changed").await?;
        }
    }

    async fn write_user(
        &self,
        actor: &Actor,
        before: &User,
        applied: &AppliedToUser,
        version: i64,
        now: Timestamp,
    ) -> Result<Commit, StoreError> {
        let (org, after) = (&actor.org, &applied.user);
        let mut tx = Transaction::new(self);
        tx.update(
            &keys::user(org, &after.id),
            &Expression::new(
                "SET #data = :data, #version = #version + :one",
                [(":data", data(&UserData::from(after))?), (":one", number(1))],
            ),
            &Expression::new("#version = :version", [(":version", number(version))]),
            |_| Failed::Stale,
        );
        move_guard(&mut tx, org, before, after)?;
        if is_deactivation(before, after) {
            ending::note(&mut tx, org, &after.id, now)?;
        }
        tx.commit(actor, &entry(AuditEvent::UserUpdate, after, changes(&applied.changes)), now).await
    }
}

fn is_deactivation(before: &User, after: &User) -> bool {
    before.is_active && !after.is_active
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
