//! Verification of JSON Web Tokens (RFC 7519, with the advice of RFC 8725).

use jsonwebtoken::{Algorithm, DecodingKey};
use model::principal::Principal;
use model::time::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

use crate::claims::{ClaimNames, check_times};
use crate::jws::Jws;
use crate::keys::{Fetch, KeyCache, KeySet, KeySource, is_fetchable};

/// Shortest HS256 secret, in bytes: the hash's own length (RFC 7518 §3.2).
const SECRET_MIN_BYTES: usize = 32;

/// With which keys tokens are signed. One kind at a time: a verifier that knows both a secret and public keys can be made to
/// take the one for the other (RFC 8725 §2.1).
#[derive(Debug, Clone)]
pub enum JwtKeys {
    /// HS256 with this secret.
    Secret(SecretString),
    /// Public keys, as the text of a set (RFC 7517).
    Inline(String),
    /// Public keys that are fetched.
    Remote(KeySource),
}

/// Whose tokens are accepted.
#[derive(Debug, Clone)]
pub struct JwtSettings {
    /// How they are signed.
    pub keys: JwtKeys,
    /// The `iss` that a token must have.
    pub issuer: String,
    /// The audience that a token must have, alone or among others.
    pub audience: String,
    /// What their claims are called.
    pub claims: ClaimNames,
}

/// Why a token is not accepted, for the log. Callers learn only that it was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejected {
    /// Signature, algorithm, issuer, audience or form.
    NotOurs,
    /// It names no key of the issuer.
    UnknownKey,
    /// `exp` lies in the past.
    Expired,
    /// `nbf` lies in the future.
    NotYetValid,
    /// No subject, no organization, or one that cannot be an id.
    NoIdentity,
    /// The issuer's keys cannot be had, so that nobody can tell. Not the token's fault.
    NoKeys,
}

/// Why no verifier can be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadKeys {
    /// A secret shorter than 32 bytes.
    SecretTooShort,
    /// A text that is no set of keys.
    NotAKeySet(String),
    /// A URL that is neither https nor on this machine.
    NotFetchable(String),
}

impl fmt::Display for BadKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SecretTooShort => {
                write!(f, "the secret for HS256 must have at least {SECRET_MIN_BYTES} bytes")
            }
            Self::NotAKeySet(why) => f.write_str(why),
            Self::NotFetchable(url) => write!(f, "keys are fetched by https only, and not from {url}"),
        }
    }
}

impl std::error::Error for BadKeys {}

enum Keys {
    Secret(DecodingKey),
    Inline(Arc<KeySet>),
    Remote(Arc<KeyCache>),
}

/// Verifies tokens. Built once per process.
pub struct Verifier {
    keys: Keys,
    issuer: String,
    audience: String,
    claims: ClaimNames,
}

impl Verifier {
    /// A verifier for tokens of one issuer and one audience. `fetch` gets the keys that are not given.
    ///
    /// # Errors
    /// [`BadKeys`].
    pub fn new(settings: &JwtSettings, fetch: Arc<dyn Fetch>) -> Result<Self, BadKeys> {
        let keys = match &settings.keys {
            JwtKeys::Secret(secret) => Keys::Secret(secret_key(secret)?),
            JwtKeys::Inline(json) => {
                let set = KeySet::parse(json).map_err(|why| BadKeys::NotAKeySet(why.to_string()))?;
                Keys::Inline(Arc::new(set))
            }
            JwtKeys::Remote(source) => {
                let url = source.first_url();
                if !is_fetchable(&url) {
                    return Err(BadKeys::NotFetchable(url));
                }
                Keys::Remote(Arc::new(KeyCache::new(source.clone(), fetch)))
            }
        };
        let JwtSettings { keys: _, issuer, audience, claims } = settings.clone();
        Ok(Self { keys, issuer, audience, claims })
    }

    /// Fetches the keys, where they are not given, so that the first caller need not wait for them.
    pub async fn warm_up(&self, now: Timestamp) {
        if let Keys::Remote(cache) = &self.keys {
            // No key has an empty name.
            cache.set_for("", now).await;
        }
    }

    /// The caller that a token names.
    ///
    /// # Errors
    /// [`Rejected`], for the log.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Principal, Rejected> {
        let token = Jws::parse(token).ok_or(Rejected::NotOurs)?;
        let claims = self.signed_claims(&token, now).await?;
        self.claims.check_parties(&claims, &self.issuer, &self.audience)?;
        check_times(&claims, now)?;
        self.claims.principal(&claims)
    }

    /// The algorithm is the key's: a token's `alg` can only agree with it (RFC 8725 §3.1).
    async fn signed_claims(&self, token: &Jws<'_>, now: Timestamp) -> Result<Value, Rejected> {
        let set = match &self.keys {
            Keys::Secret(key) => return token.claims(key, Algorithm::HS256).ok_or(Rejected::NotOurs),
            Keys::Inline(set) => Arc::clone(set),
            Keys::Remote(cache) => {
                let kid = token.kid.as_deref().ok_or(Rejected::UnknownKey)?;
                cache.set_for(kid, now).await.ok_or(Rejected::NoKeys)?
            }
        };
        let key = token.kid.as_deref().and_then(|kid| set.find(kid)).ok_or(Rejected::UnknownKey)?;
        token.claims(&key.key, key.algorithm).ok_or(Rejected::NotOurs)
    }
}

fn secret_key(secret: &SecretString) -> Result<DecodingKey, BadKeys> {
    let secret = secret.expose_secret().as_bytes();
    if secret.len() < SECRET_MIN_BYTES {
        return Err(BadKeys::SecretTooShort);
    }
    Ok(DecodingKey::from_secret(secret))
}
