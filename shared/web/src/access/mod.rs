//! Access levels: the second argument of every handler.
//!
//! Only this crate makes a value of a level, after the caller has proved to have it. A handler without a level does not compile. A public
//! handler must take [`Anyone`].

mod admitted;
pub(crate) mod budget;
mod identify;
pub mod scope;
pub(crate) mod standing;

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
use admitted::Admitted;
pub(crate) use admitted::{Allowed, actor};
use identify::Caller;
pub(crate) use identify::identify;
use scope::ScopeName;

/// The name of a level, for documents and tests.
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
    use super::{Allowed, Caller, Failure, Incoming};

    /// Code outside this crate cannot add a level.
    pub trait Sealed: Sized {
        /// Whether a caller has the level. This makes no call.
        fn allows(caller: &Caller) -> Result<(), Failure>;

        /// The level, for a caller who has it.
        fn admitted(allowed: Allowed, request: &Incoming) -> Result<Self, Failure>;

        /// The level, for a caller who is unknown or may do nothing. Only [`Visitor`](super::Visitor) has one.
        fn turned_away(failure: Failure) -> Result<Self, Failure> {
            Err(failure)
        }

        /// The level, where nobody asks who calls. Only [`Anyone`](super::Anyone) has one.
        fn without_caller() -> Option<Self> {
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
    /// The name of the level.
    const LEVEL: Level;
}

/// Anybody. The caller is not identified.
#[derive(Debug)]
pub struct Anyone(());

impl Anyone {
    pub(crate) fn new() -> Self {
        Self(())
    }
}

impl sealed::Sealed for Anyone {
    fn allows(_: &Caller) -> Result<(), Failure> {
        Ok(())
    }

    fn admitted(_: Allowed, _: &Incoming) -> Result<Self, Failure> {
        Ok(Self::new())
    }

    fn without_caller() -> Option<Self> {
        Some(Self::new())
    }
}

impl Access for Anyone {
    const LEVEL: Level = Level::Anyone;
}

/// Anybody. The handler may ask them to identify themselves, once it knows that there is something to protect.
#[derive(Debug)]
pub struct Visitor(Result<(), Failure>);

impl Visitor {
    /// Asks for a valid token or API key of an active person.
    ///
    /// # Errors
    /// 401; 403 for a deactivated person; 503.
    pub fn identified(self) -> Result<(), Failure> {
        self.0
    }
}

impl sealed::Sealed for Visitor {
    fn allows(_: &Caller) -> Result<(), Failure> {
        Ok(())
    }

    fn admitted(_: Allowed, _: &Incoming) -> Result<Self, Failure> {
        Ok(Self(Ok(())))
    }

    fn turned_away(failure: Failure) -> Result<Self, Failure> {
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
    /// The caller's organization. The handler touches nothing outside it.
    #[must_use]
    pub fn org(&self) -> &OrgId {
        &self.0.principal.org
    }

    /// The caller as the audit log names them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.0.actor()
    }

    /// The caller's user. A person without an entry in the directory gets one.
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

    fn admitted(allowed: Allowed, request: &Incoming) -> Result<Self, Failure> {
        Admitted::new(allowed, request).map(Self)
    }
}

impl Access for OrgAdmin {
    const LEVEL: Level = Level::OrgAdmin;
}

/// An administrator, or an API key with a scope. It has no actor, so it is for reads.
#[derive(Debug)]
pub struct AdminOrKey<S> {
    org: OrgId,
    scope: PhantomData<fn() -> S>,
}

impl<S> AdminOrKey<S> {
    /// The caller's organization. The handler touches nothing outside it.
    #[must_use]
    pub fn org(&self) -> &OrgId {
        &self.org
    }
}

impl<S: ScopeName> sealed::Sealed for AdminOrKey<S> {
    fn allows(caller: &Caller) -> Result<(), Failure> {
        caller.key.as_ref().map_or_else(|| allows_admin(caller), |key| allows_scope(key, S::SCOPE))
    }

    fn admitted(allowed: Allowed, _: &Incoming) -> Result<Self, Failure> {
        Ok(Self { org: allowed.caller.principal.org, scope: PhantomData })
    }
}

impl<S: ScopeName> Access for AdminOrKey<S> {
    const LEVEL: Level = Level::AdminOrKey(S::SCOPE);
}

/// A person of the organization, administrator or not, or an API key on behalf of the person who made it.
#[derive(Debug)]
pub struct Member(Admitted);

impl Member {
    /// The caller.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// The caller's user. A person without an entry in the directory gets one: an invitation for their verified email, or a new one.
    ///
    /// # Errors
    /// 403 `USER_INACTIVE`; 401 for a key whose maker was deleted just now; 503.
    pub async fn user(&self, app: &App) -> Result<User, Failure> {
        self.0.user(app).await
    }
}

impl sealed::Sealed for Member {
    fn allows(_: &Caller) -> Result<(), Failure> {
        Ok(())
    }

    fn admitted(allowed: Allowed, request: &Incoming) -> Result<Self, Failure> {
        Admitted::new(allowed, request).map(Self)
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
    /// The caller. A key is never an administrator.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.admitted.principal
    }

    /// The caller as the audit log names them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.admitted.actor()
    }

    /// The address that the request comes from.
    #[must_use]
    pub fn source_ip(&self) -> Option<IpAddr> {
        self.admitted.source_ip.as_deref().and_then(address::parse)
    }

    /// The caller's user. A person without an entry in the directory gets one.
    ///
    /// # Errors
    /// Those of [`Member::user`].
    pub async fn user(&self, app: &App) -> Result<User, Failure> {
        self.admitted.user(app).await
    }

    /// The caller's user, if the directory has one.
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

    fn admitted(allowed: Allowed, request: &Incoming) -> Result<Self, Failure> {
        Ok(Self { admitted: Admitted::new(allowed, request)?, scope: PhantomData })
    }
}

impl<S: ScopeName> Access for MemberOrKey<S> {
    const LEVEL: Level = Level::MemberOrKey(S::SCOPE);
}
