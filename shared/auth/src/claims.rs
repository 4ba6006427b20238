//! What a token's claims say about the caller, under the names that an identity provider gives them.

use model::id::{OrgId, UserId};
use model::principal::{ActorType, ORG_ADMIN, Principal};
use model::text::{NAME_MAX, is_line};
use model::time::Timestamp;
use serde_json::Value;

use crate::verifier::Rejected;

/// Seconds by which the clocks of issuer and function may differ.
const LEEWAY_SECONDS: f64 = 60.0;

/// The end of the calendar, 9999-12-31T23:59:59Z, in seconds since 1970. A later time in a token is no time.
const TIME_MAX: f64 = 253_402_300_799.0;

/// Where a claim stands: a name, or below the first level a JSON Pointer (RFC 6901) such as `/realm_access/roles`. A name
/// that is a URL, as Auth0 wants it, begins with no slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimName(String);

impl From<&str> for ClaimName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl ClaimName {
    fn of<'c>(&self, claims: &'c Value) -> Option<&'c Value> {
        if self.0.starts_with('/') { claims.pointer(&self.0) } else { claims.get(&self.0) }
    }

    fn text<'c>(&self, claims: &'c Value) -> Option<&'c str> {
        self.of(claims)?.as_str().filter(|text| !text.is_empty())
    }
}

/// The names of claims, and the word for an administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// The user's id.
    pub subject: ClaimName,
    /// The organization.
    pub org: ClaimName,
    /// The roles: an array of texts, or one text with spaces.
    pub roles: ClaimName,
    /// The email, if any.
    pub email: ClaimName,
    /// The name, if any.
    pub name: ClaimName,
    /// For whom the token is: a text, or an array of texts.
    pub audience: ClaimName,
    /// The role that makes an administrator.
    pub admin_role: String,
}

impl Default for ClaimNames {
    /// `sub`, `org`, `roles`, `email`, `name`, `aud`, `ORG_ADMIN`.
    fn default() -> Self {
        Self {
            subject: "sub".into(),
            org: "org".into(),
            roles: "roles".into(),
            email: "email".into(),
            name: "name".into(),
            audience: "aud".into(),
            admin_role: ORG_ADMIN.into(),
        }
    }
}

impl ClaimNames {
    /// Whether a token comes from this issuer and is for this audience (RFC 7519 §4.1.1, §4.1.3).
    pub(crate) fn check_parties(&self, claims: &Value, issuer: &str, audience: &str) -> Result<(), Rejected> {
        let is_for = |value: &Value| value.as_str() == Some(audience);
        let is_for_us = match self.audience.of(claims) {
            Some(Value::Array(all)) => all.iter().all(Value::is_string) && all.iter().any(is_for),
            Some(value) => is_for(value),
            None => false,
        };
        let is_ours = claims.get("iss").and_then(Value::as_str) == Some(issuer);
        if is_ours && is_for_us { Ok(()) } else { Err(Rejected::NotOurs) }
    }

    /// The caller whom the claims name.
    pub(crate) fn principal(&self, claims: &Value) -> Result<Principal, Rejected> {
        let subject = self.subject.text(claims).ok_or(Rejected::NoIdentity)?;
        let org = self.org.text(claims).ok_or(Rejected::NoIdentity)?;
        Ok(Principal {
            org: OrgId::parse(org).map_err(|_| Rejected::NoIdentity)?,
            user: UserId::parse(subject).map_err(|_| Rejected::NoIdentity)?,
            is_org_admin: self.roles.of(claims).is_some_and(|roles| has_role(roles, &self.admin_role)),
            email: self.email.text(claims).filter(|email| is_line(email, NAME_MAX)).map(String::from),
            name: self.name.text(claims).filter(|name| is_line(name, NAME_MAX)).map(String::from),
            kind: ActorType::User,
        })
    }
}

/// Roles are an array of strings, or one string with spaces between them.
fn has_role(roles: &Value, wanted: &str) -> bool {
    match roles {
        Value::Array(list) => list.iter().any(|role| role.as_str() == Some(wanted)),
        Value::String(text) => text.split(' ').any(|role| role == wanted),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// `exp` must lie after now and `nbf`, where there is one, not after it, within the leeway (RFC 7519 §4.1.4, §4.1.5).
pub(crate) fn check_times(claims: &Value, now: Timestamp) -> Result<(), Rejected> {
    #[expect(clippy::cast_precision_loss, reason = "seconds of this calendar have fewer than 53 bits")]
    let now = now.unix_seconds() as f64;
    let expires = time(claims, "exp")?.ok_or(Rejected::NotOurs)?;
    let begins = time(claims, "nbf")?.unwrap_or(0.0);
    if now >= expires + LEEWAY_SECONDS {
        return Err(Rejected::Expired);
    }
    if now + LEEWAY_SECONDS < begins {
        return Err(Rejected::NotYetValid);
    }
    Ok(())
}

/// A time of the calendar (RFC 7519 §2, "NumericDate").
fn time(claims: &Value, name: &str) -> Result<Option<f64>, Rejected> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => {
            let seconds = value.as_f64().filter(|seconds| (0.0..=TIME_MAX).contains(seconds));
            seconds.map(Some).ok_or(Rejected::NotOurs)
        }
    }
}
