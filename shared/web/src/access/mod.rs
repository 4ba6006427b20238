//! Access levels: the second argument of every handler.
//!
//! A level is a value that only this module makes, after the caller has shown that they have it. A handler that
//! names none does not compile, and one that wants anybody must say [`Anyone`].

mod identify;
pub mod scope;

use model::address;
use model::api_key::Scope;
use model::id::OrgId;
use model::once::Once;
use model::principal::{Actor, Principal};
use std::future::Future;
use std::marker::PhantomData;
use std::net::IpAddr;

use crate::app::App;
use crate::attempt;
use crate::failure::{Denied, Failure};
use crate::incoming::Incoming;
use crate::rate;
pub use identify::KeyRejected;
use identify::identify;
use scope::ScopeName;

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
    pub trait Sealed {}
}

/// A level of access.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an access level",
    label = "say who may call: `OrgAdmin`, `AdminOrKey`, `Member`, `MemberOrKey`, `Visitor` or `Anyone`",
    note = "the second argument of a handler declares who may call it"
)]
pub trait Access: sealed::Sealed + Sized + Send + 'static {
    /// Its name.
    const LEVEL: Level;

    /// Admits the caller, or says why not.
    ///
    /// # Errors
    /// `Unauthenticated` or `Forbidden`; for a caller who is admitted, what is wrong with their `Idempotency-Key`; busy.
    fn admit(app: &App, request: &Incoming) -> impl Future<Output = Result<Self, Failure>> + Send;
}

/// The way in, for every level: admits the caller, and takes a token from their bucket.
///
/// # Errors
/// Those of [`Access::admit`]; 429, 503.
pub(crate) async fn enter<A: Access>(app: &App, request: &Incoming) -> Result<A, Failure> {
    let admitted = A::admit(app, request).await;
    // Whoever may be anybody asks for nothing that costs more than to turn them away.
    if A::LEVEL == Level::Anyone {
        return admitted;
    }
    match rate::pay(app, request, admitted.as_ref().err()).await {
        None => admitted,
        Some(failure) => Err(failure),
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

impl sealed::Sealed for Anyone {}

impl Access for Anyone {
    const LEVEL: Level = Level::Anyone;

    async fn admit(_: &App, _: &Incoming) -> Result<Self, Failure> {
        Ok(Self::new())
    }
}

/// Anybody, who can be asked to identify themselves once it is clear that there is something to protect.
#[derive(Debug)]
pub struct Visitor(Result<Principal, Failure>);

impl Visitor {
    /// Asks for a valid token or API key.
    ///
    /// # Errors
    /// `Unauthenticated`; busy.
    pub fn identified(self) -> Result<(), Failure> {
        self.0.map(drop)
    }
}

impl sealed::Sealed for Visitor {}

impl Access for Visitor {
    const LEVEL: Level = Level::Visitor;

    async fn admit(app: &App, request: &Incoming) -> Result<Self, Failure> {
        Ok(Self(identify(app, request).await.map(|caller| caller.principal)))
    }
}

/// Who was admitted, with what the record of a change needs.
#[derive(Debug)]
struct Admitted {
    principal: Principal,
    source_ip: Option<String>,
    once: Option<Once>,
}

impl Admitted {
    /// A request's own mistakes come after the question whether the caller may send it at all.
    fn new(principal: Principal, request: &Incoming) -> Result<Self, Failure> {
        Ok(Self { principal, source_ip: request.source_ip.clone(), once: request.once()? })
    }

    fn actor(&self) -> Actor {
        Actor { once: self.once.clone(), ..attempt::actor(&self.principal, self.source_ip.clone()) }
    }
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
}

impl sealed::Sealed for OrgAdmin {}

impl Access for OrgAdmin {
    const LEVEL: Level = Level::OrgAdmin;

    async fn admit(app: &App, request: &Incoming) -> Result<Self, Failure> {
        let caller = identify(app, request).await?;
        if !caller.principal.is_org_admin {
            return Err(Failure::Forbidden(Denied::NotAdmin));
        }
        Admitted::new(caller.principal, request).map(Self)
    }
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

impl<S: ScopeName> sealed::Sealed for AdminOrKey<S> {}

impl<S: ScopeName> Access for AdminOrKey<S> {
    const LEVEL: Level = Level::AdminOrKey(S::SCOPE);

    async fn admit(app: &App, request: &Incoming) -> Result<Self, Failure> {
        let caller = identify(app, request).await?;
        match &caller.key {
            None if caller.principal.is_org_admin => {}
            None => return Err(Failure::Forbidden(Denied::NotAdmin)),
            Some(key) if key.allows(S::SCOPE) => caller.record_use(app, request).await,
            Some(_) => return Err(Failure::Forbidden(Denied::Scope(S::SCOPE))),
        }
        Ok(Self { org: caller.principal.org, scope: PhantomData })
    }
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

    /// The caller as the audit log names them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.0.actor()
    }
}

impl sealed::Sealed for Member {}

impl Access for Member {
    const LEVEL: Level = Level::Member;

    async fn admit(app: &App, request: &Incoming) -> Result<Self, Failure> {
        let caller = identify(app, request).await?;
        caller.record_use(app, request).await;
        Admitted::new(caller.principal, request).map(Self)
    }
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
}

impl<S: ScopeName> sealed::Sealed for MemberOrKey<S> {}

impl<S: ScopeName> Access for MemberOrKey<S> {
    const LEVEL: Level = Level::MemberOrKey(S::SCOPE);

    async fn admit(app: &App, request: &Incoming) -> Result<Self, Failure> {
        let caller = identify(app, request).await?;
        match &caller.key {
            None => {}
            Some(key) if key.allows(S::SCOPE) => caller.record_use(app, request).await,
            Some(_) => return Err(Failure::Forbidden(Denied::Scope(S::SCOPE))),
        }
        Ok(Self { admitted: Admitted::new(caller.principal, request)?, scope: PhantomData })
    }
}
