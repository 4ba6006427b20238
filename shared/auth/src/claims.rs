//! What a token's claims say about the caller, under the names that an identity provider gives them.

use model::id::{OrgId, USER_ID_RULE, UserId};
use model::principal::{ActorType, ORG_ADMIN, Principal};
use model::text::{NAME_MAX, is_line};
use model::time::Timestamp;
use serde_json::Value;
use std::fmt;

use crate::verifier::InvalidToken;

/// A claim of a signed token that cannot be used: its name, as the deployment calls it, and why. Never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadClaim {
    /// The name.
    pub name: String,
    /// What is wrong with it.
    pub fault: ClaimFault,
}

/// What is wrong with a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimFault {
    /// It is not there, or null.
    Missing,
    /// It is an empty text.
    Empty,
    /// It is something else than a text.
    NotAText,
    /// It has several texts where one is meant.
    Several,
    /// It cannot be a user's id.
    NotAUserId,
    /// It cannot be an organization's id.
    NotAnOrganization,
    /// It names another issuer.
    OtherIssuer,
    /// It does not name our audience.
    OtherAudience,
    /// It is no time.
    NotATime,
    /// It lies in the past.
    Past,
    /// It lies in the future.
    Future,
}

impl fmt::Display for ClaimFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self {
            Self::NotAUserId => return write!(f, "it {USER_ID_RULE}"),
            Self::Missing => "it is missing",
            Self::Empty => "it is empty",
            Self::NotAText => "it must be a text",
            Self::Several => "it must name one organization and names several",
            Self::NotAnOrganization => "it must have 1 to 64 letters, digits or -._~",
            Self::OtherIssuer => "it is not the issuer of this deployment",
            Self::OtherAudience => "it does not name the audience of this deployment",
            Self::NotATime => "it must be a number of seconds since 1970",
            Self::Past => "it lies in the past",
            Self::Future => "it lies in the future",
        };
        f.write_str(why)
    }
}

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

    fn faulty(&self, fault: ClaimFault) -> InvalidToken {
        InvalidToken::Claim(BadClaim { name: self.0.clone(), fault })
    }

    /// The text that must be there.
    fn required<'c>(&self, value: Option<&'c Value>) -> Result<&'c str, InvalidToken> {
        match value {
            None | Some(Value::Null) => Err(self.faulty(ClaimFault::Missing)),
            Some(Value::String(text)) if text.is_empty() => Err(self.faulty(ClaimFault::Empty)),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(self.faulty(ClaimFault::NotAText)),
        }
    }
}

/// The names of claims, and the word for an administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// The user's id.
    pub subject: ClaimName,
    /// The organization.
    pub org: ClaimName,
    /// The roles: an array of texts, one text with spaces, or an object of roles with the organizations that gave them.
    pub roles: ClaimName,
    /// The email, if any.
    pub email: ClaimName,
    /// The name, if any.
    pub name: ClaimName,
    /// For whom the token is: a text, or an array of texts.
    pub audience: ClaimName,
    /// The role that makes an administrator.
    pub admin_role: String,
    /// Whether the provider gives out no email that it has not verified, so that tokens need not say so.
    pub emails_are_verified: bool,
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
            emails_are_verified: false,
        }
    }
}

impl ClaimNames {
    /// That a token comes from this issuer and is for this audience (RFC 7519 §4.1.1, §4.1.3).
    pub(crate) fn check_parties(
        &self,
        claims: &Value,
        issuer: &str,
        audience: &str,
    ) -> Result<(), InvalidToken> {
        let iss = ClaimName::from("iss");
        if iss.required(claims.get("iss"))? != issuer {
            return Err(iss.faulty(ClaimFault::OtherIssuer));
        }
        let is_for = |value: &Value| value.as_str() == Some(audience);
        let is_for_us = match self.audience.of(claims) {
            None | Some(Value::Null) => return Err(self.audience.faulty(ClaimFault::Missing)),
            Some(Value::Array(all)) => all.iter().all(Value::is_string) && all.iter().any(is_for),
            Some(value) => is_for(value),
        };
        if is_for_us { Ok(()) } else { Err(self.audience.faulty(ClaimFault::OtherAudience)) }
    }

    /// The caller whom the claims name.
    pub(crate) fn principal(&self, claims: &Value) -> Result<Principal, InvalidToken> {
        let subject = self.subject.required(self.subject.of(claims))?;
        let user = UserId::parse(subject).map_err(|_| self.subject.faulty(ClaimFault::NotAUserId))?;
        let org = self.organization(claims)?;
        let is_org_admin =
            self.roles.of(claims).is_some_and(|roles| has_role(roles, &self.admin_role, org.as_str()));
        let email = self.email.text(claims).filter(|email| is_line(email, NAME_MAX));
        Ok(Principal {
            org,
            user,
            is_org_admin,
            email: email.map(String::from),
            email_is_verified: email.is_some_and(|email| self.is_verified(claims, email)),
            name: self.name.text(claims).filter(|name| is_line(name, NAME_MAX)).map(String::from),
            kind: ActorType::User,
        })
    }

    /// The one organization: a text, or an array with one, as Keycloak has it.
    fn organization(&self, claims: &Value) -> Result<OrgId, InvalidToken> {
        let value = match self.org.of(claims) {
            Some(Value::Array(all)) if all.len() > 1 => return Err(self.org.faulty(ClaimFault::Several)),
            Some(Value::Array(all)) => all.first(),
            value => value,
        };
        let org = self.org.required(value)?;
        OrgId::parse(org).map_err(|_| self.org.faulty(ClaimFault::NotAnOrganization))
    }

    /// Whether the provider says that the person reads this email. `email_verified` is about the claim `email` alone (OpenID Connect Core
    /// §5.1): of a text in another claim, which people may choose themselves, it says nothing unless it is the same.
    fn is_verified(&self, claims: &Value, email: &str) -> bool {
        let said = claims.get("email_verified");
        let is = |word: &str| said.and_then(Value::as_str) == Some(word);
        if said == Some(&Value::Bool(false)) || is("false") {
            return false;
        }
        let is_said = said == Some(&Value::Bool(true)) || is("true");
        let is_said_of_it = claims.get("email").and_then(Value::as_str) == Some(email);
        self.emails_are_verified || (is_said && is_said_of_it)
    }
}

/// Roles are a text, which may be one role with a space in it or several with spaces between them; an array; or Zitadel's object, which
/// names for each role the organizations in which the person has it, by id and domain. There only the token's own one counts.
fn has_role(roles: &Value, wanted: &str, org: &str) -> bool {
    match roles {
        Value::Array(list) => list.iter().any(|role| match role {
            Value::String(role) => role == wanted,
            Value::Object(_) => has_role(role, wanted, org),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => false,
        }),
        Value::String(text) => text == wanted || text.split(' ').any(|role| role == wanted),
        Value::Object(roles) => roles.get(wanted).and_then(Value::as_object).is_some_and(|givers| {
            givers.iter().any(|(id, domain)| id == org || domain.as_str() == Some(org))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// `exp` must lie after now and `nbf`, where there is one, not after it, within the leeway (RFC 7519 §4.1.4, §4.1.5).
pub(crate) fn check_times(claims: &Value, now: Timestamp) -> Result<(), InvalidToken> {
    #[expect(clippy::cast_precision_loss, reason = "seconds of this calendar have fewer than 53 bits")]
    let now = now.unix_seconds() as f64;
    let (exp, nbf) = (ClaimName::from("exp"), ClaimName::from("nbf"));
    let expires = time(claims, &exp)?.ok_or_else(|| exp.faulty(ClaimFault::Missing))?;
    let begins = time(claims, &nbf)?.unwrap_or(0.0);
    if now >= expires + LEEWAY_SECONDS {
        return Err(exp.faulty(ClaimFault::Past));
    }
    if now + LEEWAY_SECONDS < begins {
        return Err(nbf.faulty(ClaimFault::Future));
    }
    Ok(())
}

/// A time of the calendar (RFC 7519 §2, "NumericDate").
fn time(claims: &Value, name: &ClaimName) -> Result<Option<f64>, InvalidToken> {
    match name.of(claims) {
        None => Ok(None),
        Some(value) => {
            let seconds = value.as_f64().filter(|seconds| (0.0..=TIME_MAX).contains(seconds));
            seconds.map(Some).ok_or_else(|| name.faulty(ClaimFault::NotATime))
        }
    }
}
