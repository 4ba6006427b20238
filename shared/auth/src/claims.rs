//! The claims of a token, under the names that an identity provider gives them.

use crate::invalid::{BadClaim, ClaimFault, InvalidToken};
use model::id::{OrgId, UserId};
use model::principal::{ActorType, ORG_ADMIN, Principal};
use model::text::{NAME_MAX, is_line};
use model::time::Timestamp;
use serde_json::Value;

/// How far the clocks of issuer and function may differ, in seconds.
const LEEWAY_SECONDS: f64 = 60.0;

/// The latest time of a token, in seconds since 1970: 9999-12-31T23:59:59Z.
const TIME_MAX: f64 = 253_402_300_799.0;

/// The name of a claim, or a JSON Pointer (RFC 6901) to a nested one, such as `/realm_access/roles`. Auth0's names are URLs, which do not
/// begin with a slash.
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

    /// The text of a claim that must not be missing.
    fn required<'c>(&self, value: Option<&'c Value>) -> Result<&'c str, InvalidToken> {
        match value {
            None | Some(Value::Null) => Err(self.faulty(ClaimFault::Missing)),
            Some(Value::String(text)) if text.is_empty() => Err(self.faulty(ClaimFault::Empty)),
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(self.faulty(ClaimFault::NotAText)),
        }
    }
}

/// The names of claims, and of the administrators' role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    pub subject: ClaimName,
    pub org: ClaimName,
    /// The roles: an array of texts, one text with spaces, or an object of roles with the organizations that gave them.
    pub roles: ClaimName,
    pub email: ClaimName,
    pub name: ClaimName,
    /// The audience: a text, or an array of texts.
    pub audience: ClaimName,
    /// The role that makes an administrator.
    pub admin_role: String,
    /// Whether the provider issues only verified emails, so that tokens need not say so.
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
    /// Refuses a token of another issuer or for another audience (RFC 7519 §4.1.1, §4.1.3).
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

    /// The caller.
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

    /// The organization: a text, or Keycloak's array with one text.
    fn organization(&self, claims: &Value) -> Result<OrgId, InvalidToken> {
        let value = match self.org.of(claims) {
            Some(Value::Array(all)) if all.len() > 1 => return Err(self.org.faulty(ClaimFault::Several)),
            Some(Value::Array(all)) => all.first(),
            value => value,
        };
        let org = self.org.required(value)?;
        OrgId::parse(org).map_err(|_| self.org.faulty(ClaimFault::NotAnOrganization))
    }

    /// Whether the provider has verified the email. `email_verified` is about the claim `email` (OpenID Connect Core §5.1). An email from another
    /// claim, which people may choose themselves, counts only if it equals that one.
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

/// Roles are a text, an array of texts, or Zitadel's object. A text is one role, which may hold a space, or several roles with spaces between
/// them. Zitadel's object names for each role the organizations that gave it, by id and domain; only the token's own organization counts.
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

/// Refuses a token after its `exp` or before its `nbf`, with some leeway (RFC 7519 §4.1.4, §4.1.5).
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

/// A time of a claim (RFC 7519 §2, "NumericDate").
fn time(claims: &Value, name: &ClaimName) -> Result<Option<f64>, InvalidToken> {
    match name.of(claims) {
        None => Ok(None),
        Some(value) => {
            let seconds = value.as_f64().filter(|seconds| (0.0..=TIME_MAX).contains(seconds));
            seconds.map(Some).ok_or_else(|| name.faulty(ClaimFault::NotATime))
        }
    }
}
