//! Verification of JSON Web Tokens (RFC 7519, with the advice of RFC 8725).

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use model::id::{OrgId, UserId};
use model::principal::{ActorType, ORG_ADMIN, Principal};
use model::time::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

/// Seconds by which the clocks of issuer and function may differ.
const LEEWAY_SECONDS: i64 = 60;

/// Shortest HS256 secret, in bytes: the hash's own length (RFC 7518 §3.2).
const SECRET_MIN_BYTES: usize = 32;

/// Longest token, in bytes. API Gateway allows headers of 10,240 bytes in all.
const TOKEN_MAX_BYTES: usize = 8 * 1024;

/// Whose tokens are accepted.
#[derive(Debug, Clone)]
pub struct JwtSettings {
    /// The shared secret of HS256.
    pub secret: SecretString,
    /// The `iss` that a token must have.
    pub issuer: String,
    /// The `aud` that a token must have, alone or among others.
    pub audience: String,
}

/// Why a token is not accepted, for the log. Callers learn only that it was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejected {
    /// Signature, algorithm, issuer, audience or form.
    NotOurs,
    /// `exp` lies in the past.
    Expired,
    /// `nbf` lies in the future.
    NotYetValid,
    /// No `sub`, no organization, or one that cannot be an id.
    NoIdentity,
}

/// A secret shorter than 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretTooShort;

impl std::fmt::Display for SecretTooShort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the secret for HS256 must have at least {SECRET_MIN_BYTES} bytes")
    }
}

impl std::error::Error for SecretTooShort {}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    org: String,
    exp: f64,
    nbf: Option<f64>,
    #[serde(default)]
    roles: Value,
    #[serde(default)]
    email: Value,
    #[serde(default)]
    name: Value,
}

/// Verifies tokens. Built once per process.
pub struct Verifier {
    key: DecodingKey,
    validation: Validation,
}

impl Verifier {
    /// A verifier for tokens of one issuer and one audience.
    ///
    /// The algorithm is the configured key's: a token's `alg` can only agree with it (RFC 8725 §3.1).
    ///
    /// # Errors
    /// [`SecretTooShort`].
    pub fn new(settings: &JwtSettings) -> Result<Self, SecretTooShort> {
        let secret = settings.secret.expose_secret().as_bytes();
        if secret.len() < SECRET_MIN_BYTES {
            return Err(SecretTooShort);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[&settings.issuer]);
        validation.set_audience(&[&settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library would ask the system's clock; `check_times` asks the caller's.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Ok(Self { key: DecodingKey::from_secret(secret), validation })
    }

    /// The caller that a token names.
    ///
    /// # Errors
    /// [`Rejected`], for the log.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Principal, Rejected> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(Rejected::NotOurs);
        }
        let claims = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation)
            .map_err(|_| Rejected::NotOurs)?
            .claims;
        check_times(&claims, now)?;
        principal(&claims)
    }
}

/// `exp` must lie after now and `nbf` not after it, within the leeway (RFC 7519 §4.1.4, §4.1.5).
fn check_times(claims: &Claims, now: Timestamp) -> Result<(), Rejected> {
    #[expect(clippy::cast_precision_loss, reason = "seconds of this calendar have fewer than 53 bits")]
    let (now, leeway) = (now.unix_seconds() as f64, LEEWAY_SECONDS as f64);
    if now >= claims.exp + leeway {
        return Err(Rejected::Expired);
    }
    if claims.nbf.is_some_and(|nbf| now + leeway < nbf) {
        return Err(Rejected::NotYetValid);
    }
    Ok(())
}

fn principal(claims: &Claims) -> Result<Principal, Rejected> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(String::from);
    Ok(Principal {
        org: OrgId::parse(&claims.org).map_err(|_| Rejected::NoIdentity)?,
        user: UserId::parse(&claims.sub).map_err(|_| Rejected::NoIdentity)?,
        is_org_admin: has_role(&claims.roles, ORG_ADMIN),
        email: text(&claims.email),
        name: text(&claims.name),
        kind: ActorType::User,
    })
}

/// Roles are an array of strings, or one string with spaces between them.
fn has_role(roles: &Value, wanted: &str) -> bool {
    match roles {
        Value::Array(list) => list.iter().any(|role| role.as_str() == Some(wanted)),
        Value::String(text) => text.split(' ').any(|role| role == wanted),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}
