//! Who was admitted.

use model::api_key::ApiKey;
use model::idempotency::IdempotencyKey;
use model::principal::{Actor, Principal};
use model::refusal::Refusal;
use model::user::User;

use super::identify::Caller;
use super::standing::{Read, maker_gone};
use crate::app::App;
use crate::denied_audit;
use crate::failure::Failure;
use crate::incoming::Incoming;

/// A caller who may do something, and what this request has read of them in the directory.
#[derive(Debug)]
pub struct Own {
    pub(super) caller: Caller,
    pub(super) read: Read,
}

/// Who was admitted, with what the record of a change needs.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) principal: Principal,
    pub(super) source_ip: Option<String>,
    /// The caller as the audit log names them.
    by: Actor,
    idempotency: Option<IdempotencyKey>,
    key: Option<ApiKey>,
    read: Read,
}

impl Admitted {
    /// A request's own mistakes come after the question whether the caller may send it at all.
    pub(super) fn new(own: Own, request: &Incoming) -> Result<Self, Failure> {
        let (Caller { principal, key }, read) = (own.caller, own.read);
        let source_ip = request.source_ip().map(String::from);
        let by = denied_audit::actor(&principal, request);
        Ok(Self { principal, source_ip, by, idempotency: request.idempotency_key()?, key, read })
    }

    pub(super) fn actor(&self) -> Actor {
        Actor { idempotency: self.idempotency.clone(), ..self.by.clone() }
    }

    /// The caller's user. A person whom the directory does not know is entered in it; a key enters nobody.
    pub(super) async fn entered_user(&self, app: &App) -> Result<User, Failure> {
        let actor = Actor { idempotency: None, ..self.actor() };
        let user = match self.known_user(app).await? {
            Some(user) if !user.is_invited || self.key.is_some() => return Ok(user),
            // A token that names an invitation's id ends it: what is bound to the entry from now on is the person's.
            Some(user) => app.store().sign_in(&actor, &self.principal, Some(user), app.now).await?,
            None => app.store().enter_user(&actor, &self.principal, app.now).await?,
        };
        app.look_up_again(&self.principal.org, &self.principal.user);
        Ok(user)
    }

    /// The same, and an invitation for a person's verified email becomes theirs.
    pub(super) async fn user(&self, app: &App) -> Result<User, Failure> {
        let known = self.known_user(app).await?;
        if let Some(user) = known.as_ref().filter(|user| self.key.is_some() || is_settled(user)) {
            return Ok(user.clone());
        }
        let actor = Actor { idempotency: None, ..self.actor() };
        let was_known = known.clone();
        let user = app.store().sign_in(&actor, &self.principal, known, app.now).await;
        // A deactivated invitation may have become theirs, which is the directory's answer from now on.
        if !matches!((&user, &was_known), (Ok(user), Some(known)) if user == known) {
            app.look_up_again(&self.principal.org, &self.principal.user);
        }
        Ok(user?)
    }

    /// The caller's user, if the directory knows them, as they are now: what this environment remembers is for the door alone.
    pub(super) async fn known_user(&self, app: &App) -> Result<Option<User>, Failure> {
        let Principal { org, user: id, .. } = &self.principal;
        let user = match &self.read {
            Some(read) => read.clone(),
            None => app.store().user(org, id).await?.map(|user| user.value),
        };
        let is_makers = |key: &ApiKey| user.as_ref().is_some_and(|user| key.is_made_by(user.entry));
        if !self.key.as_ref().is_none_or(is_makers) {
            return Err(maker_gone());
        }
        match user {
            Some(user) if !user.is_active => Err(Refusal::UserInactive.into()),
            user => Ok(user),
        }
    }
}

/// Whether nothing is left to be done for somebody who is known.
fn is_settled(user: &User) -> bool {
    user.email.is_some() && !user.is_invited
}
