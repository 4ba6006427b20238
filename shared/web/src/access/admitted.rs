//! An admitted caller.

use model::api_key::ApiKey;
use model::idempotency::IdempotencyKey;
use model::principal::{Actor, Principal};
use model::refusal::Refusal;
use model::user::User;
use store::Payer;

use super::identify::Caller;
use super::standing::{OwnUser, maker_gone};
use crate::app::App;
use crate::failure::Failure;
use crate::incoming::Incoming;

/// A caller who may do something, and their user where this request has read it.
#[derive(Debug)]
pub struct Allowed {
    pub(crate) caller: Caller,
    pub(crate) read: OwnUser,
}

/// An admitted caller, with what the record of a change needs.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) principal: Principal,
    pub(super) source_ip: Option<String>,
    /// The caller as the audit log names them.
    by: Actor,
    idempotency: Option<IdempotencyKey>,
    key: Option<ApiKey>,
    read: OwnUser,
}

impl Admitted {
    /// An invalid `Idempotency-Key` is reported here, after 401 and 403.
    pub(super) fn new(allowed: Allowed, request: &Incoming) -> Result<Self, Failure> {
        let (Caller { principal, key }, read) = (allowed.caller, allowed.read);
        let source_ip = request.source_ip().map(String::from);
        let by = actor(&principal, request);
        Ok(Self { principal, source_ip, by, idempotency: request.idempotency_key()?, key, read })
    }

    pub(super) fn actor(&self) -> Actor {
        Actor { idempotency: self.idempotency.clone(), ..self.by.clone() }
    }

    /// The caller's user. A person without an entry gets one; a key never makes one.
    pub(super) async fn entered_user(&self, app: &App) -> Result<User, Failure> {
        let actor = Actor { idempotency: None, ..self.actor() };
        let user = match self.known_user(app).await? {
            Some(user) if !user.is_invited || self.key.is_some() => return Ok(user),
            // A token with the invitation's id ends the invitation. From now on the entry belongs to this person.
            Some(user) => app.store().sign_in(&actor, &self.principal, Some(user), app.now).await?,
            None => app.store().enter_user(&actor, &self.principal, app.now).await?,
        };
        app.look_up_again(&self.principal.org, &self.principal.user);
        Ok(user)
    }

    /// The caller's user. A person without an entry gets the invitation for their verified email, or a new entry.
    pub(super) async fn user(&self, app: &App) -> Result<User, Failure> {
        let known = self.known_user(app).await?;
        if let Some(user) = known.as_ref().filter(|user| self.key.is_some() || is_settled(user)) {
            return Ok(user.clone());
        }
        let actor = Actor { idempotency: None, ..self.actor() };
        let was_known = known.clone();
        let user = app.store().sign_in(&actor, &self.principal, known, app.now).await;
        // The person may have got a deactivated invitation. The remembered entry would still admit them.
        if !matches!((&user, &was_known), (Ok(user), Some(known)) if user == known) {
            app.look_up_again(&self.principal.org, &self.principal.user);
        }
        Ok(user?)
    }

    /// The caller's user as the table has it now. What this environment remembers only decides about admission.
    pub(super) async fn known_user(&self, app: &App) -> Result<Option<User>, Failure> {
        let Principal { org, user: id, .. } = &self.principal;
        let user = match &self.read {
            Some(read) => read.clone(),
            None => app.store().user(org, id).await?.map(|user| user.value),
        };
        let is_of_user = |key: &ApiKey| user.as_ref().is_some_and(|user| key.is_made_by(user.entry));
        if !self.key.as_ref().is_none_or(is_of_user) {
            return Err(maker_gone());
        }
        match user {
            Some(user) if !user.is_active => Err(Refusal::UserInactive.into()),
            user => Ok(user),
        }
    }
}

/// Whether the entry is complete, so that a sign-in would change nothing.
fn is_settled(user: &User) -> bool {
    user.email.is_some() && !user.is_invited
}

/// A caller as the audit log names them.
pub(crate) fn actor(principal: &Principal, request: &Incoming) -> Actor {
    let Principal { org, user, is_org_admin: _, email, email_is_verified: _, name, kind } = principal.clone();
    let api_key = match request.payer.get() {
        Some(Payer::Key(_, id)) => Some(*id),
        Some(Payer::User(..) | Payer::Address(_)) | None => None,
    };
    let (ip_address, request_id) = (request.source_ip().map(String::from), Some(request.request_id.clone()));
    Actor { org, kind, id: user, email, name, api_key, ip_address, request_id, idempotency: None }
}
