//! Verification of JSON Web Tokens (RFC 7519, with the advice of RFC 8725).

use futures_util::future::BoxFuture;
use jsonwebtoken::{Algorithm, DecodingKey};
use model::principal::Principal;
use model::time::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

use crate::cached::{Cached, Missing};
use crate::claims::{ClaimNames, check_times};
use crate::fetch::{Fetch, FetchFault};
use crate::invalid::InvalidToken;
use crate::jws::Jws;
use crate::keys::{KeySet, KeySource, cached_set, is_fetchable};

/// Shortest HS256 secret, in bytes: the length of the hash (RFC 7518 §3.2).
const SECRET_MIN_BYTES: usize = 32;

/// The keys of tokens. Only one kind is set: a verifier with both a secret and public keys could be tricked into taking one for the other
/// (RFC 8725 §2.1).
#[derive(Debug, Clone)]
pub enum JwtKeys {
    /// HS256 with this secret.
    Secret(SecretString),
    /// HS256 with the current value of a secret in Secrets Manager, by its name.
    Stored(String),
    /// Public keys, as the text of a key set (RFC 7517).
    Inline(String),
    /// Public keys that are fetched.
    Remote(KeySource),
}

/// Which tokens are accepted.
#[derive(Debug, Clone)]
pub struct JwtSettings {
    pub keys: JwtKeys,
    /// The `iss` that a token must have.
    pub issuer: String,
    /// The audience that a token must have, alone or among others.
    pub audience: String,
    pub claims: ClaimNames,
}

/// Why no verifier can be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadKeys {
    /// A secret shorter than 32 bytes.
    SecretTooShort,
    /// A text that is not a key set.
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
    Stored(Cached<DecodingKey>),
    Inline(KeySet),
    Remote(Cached<KeySet>),
}

/// Verifies tokens. A process builds one.
pub struct Verifier {
    keys: Keys,
    issuer: String,
    audience: String,
    claims: ClaimNames,
}

impl Verifier {
    /// A verifier for one issuer and one audience. `fetch` reads the keys that the settings do not hold.
    ///
    /// # Errors
    /// [`BadKeys`].
    pub fn new(settings: &JwtSettings, fetch: Arc<dyn Fetch>) -> Result<Self, BadKeys> {
        let keys = match &settings.keys {
            JwtKeys::Secret(secret) => Keys::Secret(secret_key(secret)?),
            JwtKeys::Stored(name) => Keys::Stored(cached_secret(name.clone(), fetch)),
            JwtKeys::Inline(json) => {
                let set = KeySet::parse(json).map_err(|why| BadKeys::NotAKeySet(why.to_string()))?;
                Keys::Inline(set)
            }
            JwtKeys::Remote(source) => {
                let url = source.first_url();
                if !is_fetchable(&url) {
                    return Err(BadKeys::NotFetchable(url));
                }
                Keys::Remote(cached_set(source.clone(), fetch))
            }
        };
        let JwtSettings { keys: _, issuer, audience, claims } = settings.clone();
        Ok(Self { keys, issuer, audience, claims })
    }

    /// Sets after how many seconds fetched keys are read again.
    #[must_use]
    pub fn renewed_after(mut self, seconds: i64) -> Self {
        self.keys = match self.keys {
            Keys::Stored(cached) => Keys::Stored(cached.renewed_after(seconds)),
            Keys::Remote(cached) => Keys::Remote(cached.renewed_after(seconds)),
            given @ (Keys::Secret(_) | Keys::Inline(_)) => given,
        };
        self
    }

    /// Reads the keys before the first request.
    pub async fn warm_up(&self, now: Timestamp) {
        match &self.keys {
            Keys::Stored(cached) => cached.warm_up(now).await,
            Keys::Remote(cached) => cached.warm_up(now).await,
            Keys::Secret(_) | Keys::Inline(_) => {}
        }
    }

    /// The caller whom a token names. The signature is verified before any claim is read.
    ///
    /// # Errors
    /// [`InvalidToken`].
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Principal, InvalidToken> {
        let token = Jws::parse(token).ok_or(InvalidToken::NotOurs)?;
        let claims = self.signed_claims(&token, now).await?;
        self.claims.check_parties(&claims, &self.issuer, &self.audience)?;
        check_times(&claims, now)?;
        self.claims.principal(&claims)
    }

    /// The claims of a correctly signed token. The key fixes the algorithm, and the token's `alg` must agree (RFC 8725 §3.1).
    async fn signed_claims(&self, token: &Jws<'_>, now: Timestamp) -> Result<Value, InvalidToken> {
        let rejected =
            |missing, unmatched| if missing == Missing::Value { InvalidToken::NoKeys } else { unmatched };
        let kid = || token.kid.as_deref().ok_or(InvalidToken::UnknownKey);
        let by_set = |set: &KeySet, kid: &str| {
            let claims = set.find(kid)?.find_map(|key| token.claims(&key.key, key.algorithm));
            Some(claims)
        };
        let claims = match &self.keys {
            Keys::Secret(key) => token.claims(key, Algorithm::HS256),
            Keys::Stored(cached) => {
                let found = cached.find(now, |key| token.claims(key, Algorithm::HS256)).await;
                Some(found.map_err(|missing| rejected(missing, InvalidToken::NotOurs))?)
            }
            Keys::Inline(set) => by_set(set, kid()?).ok_or(InvalidToken::UnknownKey)?,
            Keys::Remote(cached) => {
                let kid = kid()?;
                let found = cached.find(now, |set| by_set(set, kid)).await;
                found.map_err(|missing| rejected(missing, InvalidToken::UnknownKey))?
            }
        };
        claims.ok_or(InvalidToken::NotOurs)
    }
}

/// A secret in Secrets Manager, kept between requests. A secret that is too short counts as missing.
fn cached_secret(name: String, fetch: Arc<dyn Fetch>) -> Cached<DecodingKey> {
    let name: Arc<str> = name.into();
    let load = move || -> BoxFuture<'static, _> {
        let (name, fetch) = (Arc::clone(&name), Arc::clone(&fetch));
        Box::pin(async move {
            let secret = fetch.secret(&name).await?;
            secret_key(&secret).map_err(|bad| FetchFault(format!("{name}: {bad}")))
        })
    };
    Cached::new("the secret of tokens", Box::new(load))
}

fn secret_key(secret: &SecretString) -> Result<DecodingKey, BadKeys> {
    let secret = secret.expose_secret().as_bytes();
    if secret.len() < SECRET_MIN_BYTES {
        return Err(BadKeys::SecretTooShort);
    }
    Ok(DecodingKey::from_secret(secret))
}
