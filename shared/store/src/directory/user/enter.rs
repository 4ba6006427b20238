//! A person enters the directory at their first request about themselves.

use model::principal::{Actor, Principal};
use model::refusal::Refusal;
use model::time::Timestamp;
use model::user::User;

use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::retry::{Attempt, retry_stale_from};

impl Store {
    /// A person's own user. An unknown person is entered in the directory with the values of their token. Not for API keys: they must not
    /// bring back a deleted person.
    ///
    /// An email that another person has is left out: a token's email may be unverified, and must not lead to another person's rights.
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

    /// The same with the values of a new person.
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
                // The person is known, or another request has entered them meanwhile.
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
