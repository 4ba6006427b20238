//! Access levels: the second argument of every handler.
//!
//! A level is a value that only this module makes, after the caller has shown that they have it. A handler that
//! names none does not compile, and one that wants anybody must say [`Anyone`].

use auth::Rejected;
use model::id::OrgId;
use model::principal::{Actor, ActorType, Principal};
use std::future::Future;

use crate::app::App;
use crate::failure::{Failure, Unauthenticated};
use crate::incoming::Incoming;

/// The level's name, for the access matrix and the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// [`Anyone`].
    Anyone,
    /// [`Visitor`].
    Visitor,
    /// [`OrgAdmin`].
    OrgAdmin,
}

mod sealed {
    pub trait Sealed {}
}

/// A level of access.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an access level",
    label = "say who may call: `OrgAdmin`, `Visitor` or `Anyone`",
    note = "the second argument of a handler declares who may call it"
)]
pub trait Access: sealed::Sealed + Sized + Send + 'static {
    /// Its name.
    const LEVEL: Level;

    /// Admits the caller, or says why not.
    ///
    /// # Errors
    /// `Unauthenticated` or `Forbidden`.
    fn admit(app: &App, request: &Incoming) -> impl Future<Output = Result<Self, Failure>> + Send;
}

/// Anybody, unidentified.
#[derive(Debug)]
pub struct Anyone(());

impl sealed::Sealed for Anyone {}

impl Access for Anyone {
    const LEVEL: Level = Level::Anyone;

    async fn admit(_: &App, _: &Incoming) -> Result<Self, Failure> {
        Ok(Self(()))
    }
}

/// Anybody, who can be asked to identify themselves once it is clear that there is something to protect.
#[derive(Debug)]
pub struct Visitor(Result<Principal, Unauthenticated>);

impl Visitor {
    /// Asks for a valid token.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub fn identified(self) -> Result<(), Failure> {
        self.0.map(drop).map_err(Failure::Unauthenticated)
    }
}

impl sealed::Sealed for Visitor {}

impl Access for Visitor {
    const LEVEL: Level = Level::Visitor;

    async fn admit(app: &App, request: &Incoming) -> Result<Self, Failure> {
        Ok(Self(identify(app, request)))
    }
}

/// An administrator of the organization that the token names.
#[derive(Debug)]
pub struct OrgAdmin {
    principal: Principal,
    source_ip: Option<String>,
}

impl OrgAdmin {
    /// The organization. Everything that the handler touches belongs to it.
    #[must_use]
    pub fn org(&self) -> &OrgId {
        &self.principal.org
    }

    /// The caller as the audit log names them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        let Principal { org, user, email, name, is_org_admin: _ } = self.principal.clone();
        Actor { org, kind: ActorType::User, id: user, email, name, ip_address: self.source_ip.clone() }
    }
}

impl sealed::Sealed for OrgAdmin {}

impl Access for OrgAdmin {
    const LEVEL: Level = Level::OrgAdmin;

    async fn admit(app: &App, request: &Incoming) -> Result<Self, Failure> {
        let principal = identify(app, request).map_err(Failure::Unauthenticated)?;
        if !principal.is_org_admin {
            return Err(Failure::Forbidden);
        }
        Ok(Self { principal, source_ip: request.source_ip.clone() })
    }
}

/// The caller whom the request's token names.
fn identify(app: &App, request: &Incoming) -> Result<Principal, Unauthenticated> {
    let header = request.header("authorization").ok_or(Unauthenticated::Missing)?;
    let token = bearer_token(header).ok_or(Unauthenticated::Invalid(Rejected::NotOurs))?;
    let principal = app.verifier().verify(token, app.now).map_err(Unauthenticated::Invalid)?;
    Ok(request.principal.get_or_init(|| principal).clone())
}

/// The token behind `Bearer` (RFC 6750 §2.1), or behind `JWT`, the credentials seed's own spelling.
fn bearer_token(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("jwt");
    known.then(|| token.trim())
}
