//! Access levels: the second argument of every handler.
//!
//! A level is a value that only this module makes, after the caller has shown that they have it. A handler that
//! names none does not compile, and one that wants anybody must say [`Anyone`].

mod admitted;
mod identify;
pub mod scope;
mod standing;

use futures_util::future::join;
use model::address;
use model::api_key::{ApiKey, Scope};
use model::id::OrgId;
use model::principal::{Actor, Principal};
use model::user::User;
use std::marker::PhantomData;
use std::net::IpAddr;

use crate::app::App;
use crate::failure::{Denied, Failure};
use crate::incoming::Incoming;
use crate::rate;
use admitted::{Admitted, Own};
pub use identify::KeyRejected;
use identify::{Caller, identify};
use scope::ScopeName;
pub(crate) use standing::Directory;

/// The level's name, for the access matrix and the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// [`Anyone`].
    Anyone,
    /// [`Visitor`].
    Visitor,
    /// [`Member`].
    Member,
    /// [`OrgAdmin`].
    OrgAdmin,
    /// [`AdminOrKey`], with the scope that a key needs.
    AdminOrKey(Scope),
    /// [`MemberOrKey`], with the scope that a key needs.
    MemberOrKey(Scope),
}

mod sealed {
    use super::{Caller, Failure, Incoming, Own};

    /// What only this module can add.
    pub trait Sealed: Sized {
        /// Whether a caller has the level. No call is made for it.
        fn allows(caller: &Caller) -> Result<(), Failure>;

        /// The level of a caller who has it.
        fn of(own: Own, request: &Incoming) -> Result<Self, Failure>;

        /// What becomes of somebody who is nobody, or who may do nothing.
        fn refused(failure: Failure) -> Result<Self, Failure> {
            Err(failure)
        }

        /// The level that everybody has, if it is that.
        fn everybodys() -> Option<Self> {
            None
        }
    }
}

/// A level of access.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an access level",
    label = "say who may call: `OrgAdmin`, `AdminOrKey`, `Member`, `MemberOrKey`, `Visitor` or `Anyone`",
    note = "the second argument of a handler declares who may call it"
)]
pub trait Access: sealed::Sealed + Send + 'static {
    /// Its name.
    const LEVEL: Level;
}

/// The way in, for every level: asks who calls, whether they may do anything and whether they may do this, and takes a token from
/// their bucket. What the directory says and the token are asked for at once.
///
/// # Errors
/// 403 where nobody knows from which address the request comes, and 429 for an API key from an address over its limit. Then, in this
/// order: 401; 403; 429. For a caller who is admitted what is wrong with their `Idempotency-Key`; 503 and 500.
pub async fn enter<A: Access>(app: &App, request: &Incoming) -> Result<A, Failure> {
    // Whoever may be anybody asks for nothing that costs more than to turn them away.
    if let Some(level) = A::everybodys() {
        return Ok(level);
    }
    request.check_source()?;
    let caller = match identify(app, request).await {
        Ok(caller) => caller,
        Err(failure @ Failure::TooManyRequests { .. }) => return Err(failure),
        Err(failure) => {
            let paid = rate::pay(app, request, Some(&failure)).await;
            return rate::in_place_of(paid, Some(&failure)).map_or_else(|| A::refused(failure), Err);
        }
    };
    let (standing, paid) = join(standing::check(app, &caller), rate::pay(app, request, None)).await;
    // That a caller has not the level takes no call, so that no call that fails hides it.
    let admitted = A::allows(&caller).and(standing);
    if let Some(failure) = rate::in_place_of(paid, admitted.as_ref().err()) {
        return Err(failure);
    }
    match admitted {
        Ok(read) => {
            if A::LEVEL != Level::Visitor {
                caller.record_use(app, request).await;
            }
            A::of(Own { caller, read }, request)
        }
        Err(failure) => A::refused(failure),
    }
}

/// Anybody, unidentified.
#[derive(Debug)]
pub struct Anyone(());

impl Anyone {
    /// Nobody has to show anything.
    pub(crate) fn new() -> Self {
        Self(())
    }
}

impl sealed::Sealed for Anyone {
    fn allows(_: &Caller) -> Result<(), Failure> {
        Ok(())
    }

    fn of(_: Own, _: &Incoming) -> Result<Self, Failure> {
        Ok(Self::new())
    }

    fn everybodys() -> Option<Self> {
        Some(Self::new())
    }
}

impl Access for Anyone {
    const LEVEL: Level = Level::Anyone;
}

/// Anybody, who can be asked to identify themselves once it is clear that there is something to protect.
#[derive(Debug)]
pub struct Visitor(Result<(), Failure>);

impl Visitor {
    /// Asks for a valid token or API key of an active person.
    ///
    /// # Errors
    /// `Unauthenticated`; 403 for a deactivated person; busy.
    pub fn identified(self) -> Result<(), Failure> {
        self.0
    }
}

impl sealed::Sealed for Visitor {
    fn allows(_: &Caller) -> Result<(), Failure> {
        Ok(())
    }

    fn of(_: Own, _: &Incoming) -> Result<Self, Failure> {
        Ok(Self(Ok(())))
    }

    fn refused(failure: Failure) -> Result<Self, Failure> {
        Ok(Self(Err(failure)))
    }
}

impl Access for Visitor {
    const LEVEL: Level = Level::Visitor;
}

/// An administrator of the organization that the token names.
#[derive(Debug)]
pub struct OrgAdmin(Admitted);

impl OrgAdmin {
    /// The organization. Everything that the handler touches belongs to it.
    #[must_use]
    pub fn org(&self) -> &OrgId {
        &self.0.principal.org
    }

    /// The caller as the audit log names them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.0.actor()
    }

    /// The caller's user. A person whom the directory does not know is entered in it.
    ///
    /// # Errors
    /// Those of [`Member::user`].
    pub async fn user(&self, app: &App) -> Result<User, Failure> {
        self.0.entered_user(app).await
    }
}

fn allows_admin(caller: &Caller) -> Result<(), Failure> {
    if caller.principal.is_org_admin { Ok(()) } else { Err(Failure::Forbidden(Denied::NotAdmin)) }
}

fn allows_scope(key: &ApiKey, scope: Scope) -> Result<(), Failure> {
    if key.allows(scope) { Ok(()) } else { Err(Failure::Forbidden(Denied::Scope(scope))) }
}

impl sealed::Sealed for OrgAdmin {
    fn allows(caller: &Caller) -> Result<(), Failure> {
        allows_admin(caller)
    }

    fn of(own: Own, request: &Incoming) -> Result<Self, Failure> {
        Admitted::new(own, request).map(Self)
    }
}

impl Access for OrgAdmin {
    const LEVEL: Level = Level::OrgAdmin;
}

/// An administrator, or an API key with a scope. For reads: it has no actor.
#[derive(Debug)]
pub struct AdminOrKey<S> {
    org: OrgId,
    scope: PhantomData<fn() -> S>,
}

impl<S> AdminOrKey<S> {
    /// The organization. Everything that the handler touches belongs to it.
    #[must_use]
    pub fn org(&self) -> &OrgId {
        &self.org
    }
}

impl<S: ScopeName> sealed::Sealed for AdminOrKey<S> {
    fn allows(caller: &Caller) -> Result<(), Failure> {
        caller.key.as_ref().map_or_else(|| allows_admin(caller), |key| allows_scope(key, S::SCOPE))
    }

    fn of(own: Own, _: &Incoming) -> Result<Self, Failure> {
        Ok(Self { org: own.caller.principal.org, scope: PhantomData })
    }
}

impl<S: ScopeName> Access for AdminOrKey<S> {
    const LEVEL: Level = Level::AdminOrKey(S::SCOPE);
}

/// A person of the organization, administrator or not, or an API key on behalf of the person who made it.
#[derive(Debug)]
pub struct Member(Admitted);

impl Member {
    /// Who calls.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// The caller's user. A person whom the directory does not know is entered in it, and an invitation for their verified email becomes
    /// theirs.
    ///
    /// # Errors
    /// `UserInactive`; `Unauthenticated` for a key whose maker was deleted just now; busy.
    pub async fn user(&self, app: &App) -> Result<User, Failure> {
        self.0.user(app).await
    }
}

impl sealed::Sealed for Member {
    fn allows(_: &Caller) -> Result<(), Failure> {
        Ok(())
    }

    fn of(own: Own, request: &Incoming) -> Result<Self, Failure> {
        Admitted::new(own, request).map(Self)
    }
}

impl Access for Member {
    const LEVEL: Level = Level::Member;
}

/// A person of the organization, administrator or not, or an API key with a scope on behalf of the person who made it.
#[derive(Debug)]
pub struct MemberOrKey<S> {
    admitted: Admitted,
    scope: PhantomData<fn() -> S>,
}

impl<S> MemberOrKey<S> {
    /// Who calls. A key is never an administrator.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.admitted.principal
    }

    /// The caller as the audit log names them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.admitted.actor()
    }

    /// The address from which they call, as the gateway saw it.
    #[must_use]
    pub fn source_ip(&self) -> Option<IpAddr> {
        self.admitted.source_ip.as_deref().and_then(address::parse)
    }

    /// The caller's user. A person whom the directory does not know is entered in it.
    ///
    /// # Errors
    /// Those of [`Member::user`].
    pub async fn user(&self, app: &App) -> Result<User, Failure> {
        self.admitted.user(app).await
    }

    /// The caller's user, if the directory knows them.
    ///
    /// # Errors
    /// Those of [`Member::user`].
    pub async fn known_user(&self, app: &App) -> Result<Option<User>, Failure> {
        self.admitted.known_user(app).await
    }
}

impl<S: ScopeName> sealed::Sealed for MemberOrKey<S> {
    fn allows(caller: &Caller) -> Result<(), Failure> {
        caller.key.as_ref().map_or(Ok(()), |key| allows_scope(key, S::SCOPE))
    }

    fn of(own: Own, request: &Incoming) -> Result<Self, Failure> {
        Ok(Self { admitted: Admitted::new(own, request)?, scope: PhantomData })
    }
}

impl<S: ScopeName> Access for MemberOrKey<S> {
    const LEVEL: Level = Level::MemberOrKey(S::SCOPE);
}
