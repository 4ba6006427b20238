//! The entry of a person in the directory by themselves: at the first request that is about them.

use model::principal::{Actor, Principal};
use model::refusal::Refusal;
use model::time::Timestamp;
use model::user::User;

use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::retry::{Attempt, retry_stale_from};

impl Store {
    /// A person's own user. Somebody whom the directory does not know is entered in it, as their token says. Not for API keys,
    /// which must bring nobody back who was deleted.
    ///
    /// An email that another person has is left out: what a token calls an email may be anybody's claim, and must not
    /// lead to somebody else's rights.
    ///
    /// # Errors
    /// `UserInactive`; busy or defect.
    pub async fn enter_user(
        &self,
        actor: &Actor,
        principal: &Principal,
        now: Timestamp,
    ) -> Result<User, StoreError> {
        self.enter_as(actor, User::entered(principal, now), now).await
    }

    /// The same, with what is to be said of somebody who is new.
    pub(super) async fn enter_as(
        &self,
        actor: &Actor,
        user: User,
        now: Timestamp,
    ) -> Result<User, StoreError> {
        retry_stale_from("the directory changed", user, |mut user| async move {
            match self.insert_user(actor, &user, now).await {
                Ok(commit) => return commit.certain().map(|_| Attempt::Done(user)),
                Err(StoreError::Refused(Refusal::EmailTaken(_))) => user.email = None,
                // Known already, or entered meanwhile by another request.
                Err(StoreError::Refused(Refusal::UserIdTaken(_))) => {
                    if let Some(known) = self.user(&actor.org, &user.id).await? {
                        let known = known.value;
                        let inactive = || Err(Refusal::UserInactive.into());
                        return if known.is_active { Ok(Attempt::Done(known)) } else { inactive() };
                    }
                }
                Err(error) => return Err(error),
            }
            Ok(Attempt::Stale(user))
        })
        .await
    }
}
