//! Makes tokens, for `cargo run -- token` and for tests. No Lambda function does.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use model::time::Timestamp;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::verifier::{JwtKeys, JwtSettings};

/// The contents of a token.
#[derive(Debug, Clone)]
pub struct Mint<'a> {
    pub sub: &'a str,
    pub org: &'a str,
    pub roles: &'a [String],
    pub email: Option<&'a str>,
    /// Whether the identity provider verified the email.
    pub email_verified: bool,
    pub name: Option<&'a str>,
    /// Seconds until the token expires. A negative number makes an expired token.
    pub ttl_seconds: i64,
}

/// Signs a token that a [`Verifier`](crate::Verifier) with the same settings accepts.
///
/// # Errors
/// Settings with public keys cannot sign.
pub fn mint(
    settings: &JwtSettings,
    mint: &Mint<'_>,
    now: Timestamp,
) -> Result<String, jsonwebtoken::errors::Error> {
    let mut claims = json!({
        "iss": settings.issuer,
        "aud": settings.audience,
        "sub": mint.sub,
        "org": mint.org,
        "roles": mint.roles,
        "iat": now.unix_seconds(),
        "exp": now.plus_seconds(mint.ttl_seconds).unix_seconds(),
    });
    if let Some(claims) = claims.as_object_mut() {
        let optional = [("email", mint.email), ("name", mint.name)];
        claims.extend(optional.iter().filter_map(|(key, value)| Some(((*key).into(), (*value)?.into()))));
        claims.extend(mint.email_verified.then(|| ("email_verified".into(), true.into())));
    }
    let JwtKeys::Secret(secret) = &settings.keys else {
        return Err(ErrorKind::InvalidKeyFormat.into());
    };
    let key = EncodingKey::from_secret(secret.expose_secret().as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
}
