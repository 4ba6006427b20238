//! Identifies a caller by a token or by an API key.

use auth::{InvalidToken, KeyHash, PresentedKey};
use http::HeaderName;
use http::header::AUTHORIZATION;
use model::api_key::ApiKey;
use model::principal::{ActorType, Principal};
use store::{KeyRecord, Payer};

use super::budget;
use crate::app::App;
use crate::failure::{Failure, KeyRejected, Unauthenticated};
use crate::incoming::Incoming;

/// An identified caller.
#[derive(Debug)]
pub struct Caller {
    pub(super) principal: Principal,
    /// The API key, where the request has one.
    pub(super) key: Option<ApiKey>,
}

impl Caller {
    /// Records the use of an API key. A failure is logged and does not fail the request. The store checks again that the record is due, because
    /// several requests may come at once.
    pub(crate) async fn record_use(&self, app: &App, request: &Incoming) {
        let Some(key) = &self.key else { return };
        if !key.is_use_due(app.now) {
            return;
        }
        let (org, ip) = (&self.principal.org, request.source_ip());
        if let Err(error) = app.store().record_use_of_api_key(org, key.id, ip, app.now).await {
            tracing::warn!(?error, "the use of an API key was not recorded");
        }
    }
}

/// What identifies the caller of a request.
enum Shown<'r> {
    Token(&'r str),
    Key(&'r str),
}

/// The token or the key of a request. Both together are refused: they could name two callers.
fn shown(request: &Incoming) -> Result<Shown<'_>, Unauthenticated> {
    // A non-UTF-8 header counts as present but invalid.
    let header = |name| request.headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (header(AUTHORIZATION), header(HeaderName::from_static("x-api-key"))) {
        (None, None) => Err(Unauthenticated::Missing),
        (Some(_), Some(_)) => Err(Unauthenticated::Ambiguous),
        (None, Some(key)) => Ok(Shown::Key(key.trim())),
        (Some(header), None) => authorization(header).ok_or(Unauthenticated::Invalid(InvalidToken::NotOurs)),
    }
}

/// The text after `Bearer` (RFC 6750 §2.1), `JWT` (the spelling of the credentials seed) or `ApiKey`.
fn authorization(header: &str) -> Option<Shown<'_>> {
    let (scheme, text) = header.trim().split_once(' ')?;
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    match text.trim() {
        token if is("bearer") || is("jwt") => Some(Shown::Token(token)),
        key if is("apikey") => Some(Shown::Key(key)),
        _ => None,
    }
}

/// The caller of a request.
pub(crate) async fn identify(app: &App, request: &Incoming) -> Result<Caller, Failure> {
    let caller = match shown(request).map_err(Failure::Unauthenticated)? {
        Shown::Token(token) => {
            let principal = app.verifier()?.verify(token, app.now).await.map_err(rejected)?;
            Caller { principal, key: None }
        }
        Shown::Key(text) => caller_of_key(app, request, text).await?,
    };
    let org = caller.principal.org.clone();
    request.payer.get_or_init(|| match &caller.key {
        Some(key) => Payer::Key(org, key.id),
        None => Payer::User(org, caller.principal.user.clone()),
    });
    let principal = request.principal.get_or_init(|| caller.principal).clone();
    Ok(Caller { principal, key: caller.key })
}

fn rejected(why: InvalidToken) -> Failure {
    match why {
        // Without the keys the token may be good or bad.
        InvalidToken::NoKeys => Failure::unavailable("the issuer's keys cannot be read"),
        InvalidToken::NotOurs | InvalidToken::UnknownKey | InvalidToken::Claim(_) => {
            Failure::Unauthenticated(Unauthenticated::Invalid(why))
        }
    }
}

async fn caller_of_key(app: &App, request: &Incoming, text: &str) -> Result<Caller, Failure> {
    let rejected = |why| Failure::Unauthenticated(Unauthenticated::InvalidKey(why));
    let presented = PresentedKey::parse(text).ok_or_else(|| rejected(KeyRejected::Malformed))?;
    // Each look-up is a call, and anybody can invent well-formed keys. So an address over its limit is refused first.
    budget::check_address(app, request)?;
    let record = app.store().api_key(&presented.org, presented.id).await?;
    let KeyRecord { key, hash } = record.ok_or_else(|| rejected(KeyRejected::Unknown))?;
    if !KeyHash::from_bytes(&hash).is_some_and(|hash| hash.matches(&presented.hash)) {
        return Err(rejected(KeyRejected::WrongSecret));
    }
    if !key.is_live(app.now) {
        return Err(rejected(KeyRejected::Ended));
    }
    let maker = key.created_by.clone();
    let principal = Principal {
        org: presented.org,
        user: maker.id,
        // Only a token can make an administrator.
        is_org_admin: false,
        email: maker.email,
        email_is_verified: false,
        name: maker.name,
        kind: ActorType::ApiKey,
    };
    Ok(Caller { principal, key: Some(key) })
}
