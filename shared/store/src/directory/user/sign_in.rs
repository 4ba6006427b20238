//! A person's own user, when they ask for themselves or for a session.

use model::audit::{AuditEvent, FieldChange, changes};
use model::principal::{Actor, Principal};
use model::refusal::Refusal;
use model::time::Timestamp;
use model::user::User;

use super::claim::Claim;
use super::{UserData, entry};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::keys::{self, VERSION};
use crate::table::retry::{Attempt, retry_stale_from};
use crate::table::transaction::{Commit, Transaction};

impl Store {
    /// The user of a person with a token, given what the directory says of them. Somebody whom it does not know is entered in it, and an
    /// invitation for their verified email becomes theirs. It costs no call for somebody who is known with an email. Not for API keys.
    ///
    /// # Errors
    /// `UserInactive`, also where the invitation was deactivated; busy or defect.
    pub async fn sign_in(
        &self,
        actor: &Actor,
        principal: &Principal,
        known: Option<User>,
        now: Timestamp,
    ) -> Result<User, StoreError> {
        retry_stale_from("the directory changed", Some(known), |read| async move {
            let known = match read {
                Some(known) => known,
                None => self.user(&principal.org, &principal.user).await?.map(|user| user.value),
            };
            let claim = match known {
                Some(user) if !user.is_active => return Err(Refusal::UserInactive.into()),
                Some(user) if user.is_invited => self.arrive(actor, &user, now).await?,
                Some(user) if user.email.is_some() => return Ok(Attempt::Done(user)),
                Some(user) => match self.claim(actor, principal, Some(&user), now).await? {
                    Claim::Nothing => return Ok(Attempt::Done(user)),
                    claim @ (Claim::Whole(_) | Claim::Part | Claim::Stale) => claim,
                },
                None => match self.try_to_enter(actor, principal, now).await? {
                    Claim::Nothing => {
                        let user = User { email: None, ..User::entered(principal, now) };
                        return self.enter_as(actor, user, now).await.map(Attempt::Done);
                    }
                    claim @ (Claim::Whole(_) | Claim::Part | Claim::Stale) => claim,
                },
            };
            match claim {
                Claim::Whole(user) if user.is_active => Ok(Attempt::Done(user)),
                Claim::Whole(_) => Err(Refusal::UserInactive.into()),
                Claim::Part => Ok(Attempt::Progress(None)),
                Claim::Stale | Claim::Nothing => Ok(Attempt::Stale(None)),
            }
        })
        .await
    }

    /// Enters somebody whose email nobody has, or claims the invitation that has it.
    async fn try_to_enter(
        &self,
        actor: &Actor,
        principal: &Principal,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let user = User::entered(principal, now);
        match self.insert_user(actor, &user, now).await {
            Ok(commit) => commit.certain().map(|_| Claim::Whole(user)),
            Err(StoreError::Refused(Refusal::EmailTaken(_))) => self.claim(actor, principal, None, now).await,
            Err(StoreError::Refused(Refusal::UserIdTaken(_))) => Ok(Claim::Stale),
            Err(error) => Err(error),
        }
    }

    /// Ends an invitation whose id a token names after all: the identity provider was told the id.
    async fn arrive(&self, actor: &Actor, user: &User, now: Timestamp) -> Result<Claim, StoreError> {
        let key = keys::user(&actor.org, &user.id);
        let Some(item) = self.get(&key).await? else { return Ok(Claim::Stale) };
        let before = super::user(&item)?.value;
        if !before.is_invited {
            return Ok(Claim::Stale);
        }
        let after = User { is_invited: false, updated_at: now, ..before.clone() };
        let mut tx = Transaction::new(self);
        tx.replace_data(&key, &UserData::from(&after), item.number(VERSION)?)?;
        let change = FieldChange::between("invited", &before.is_invited, &after.is_invited);
        let details = changes(change.as_slice());
        let commit = tx.commit(actor, &entry(AuditEvent::UserUpdate, &after, details), now).await?;
        Ok(if matches!(commit, Commit::Done(_)) { Claim::Whole(after) } else { Claim::Stale })
    }
}
