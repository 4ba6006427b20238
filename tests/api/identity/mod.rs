//! Tokens of every kind of issuer, and forged ones.

mod attacks;
mod corpus;
mod fetch;
mod keys;
mod providers;

use auth::{ClaimNames, JwtKeys, JwtSettings, KeySource, Verifier};
use serde_json::{Value, json};
use std::sync::Arc;
use support::issuer::{ALGORITHMS, ISSUER};
use support::{ADMIN, NoNetwork, ORG, START_MILLIS};

/// Seconds since 1970 at which every test begins.
const NOW: i64 = START_MILLIS / 1000;

const KEYS_URL: &str = "https://id.example/keys";

/// Settings for tokens of the tests' issuer, with keys from somewhere.
fn settings(keys: JwtKeys) -> JwtSettings {
    JwtSettings {
        keys,
        issuer: "https://id.example".into(),
        audience: "postern".into(),
        claims: ClaimNames::default(),
    }
}

fn inline() -> JwtSettings {
    settings(JwtKeys::Inline(ISSUER.set(&ALGORITHMS).to_string()))
}

fn remote() -> JwtSettings {
    settings(JwtKeys::Remote(KeySource::Url(KEYS_URL.into())))
}

fn verifier(settings: &JwtSettings) -> Verifier {
    Verifier::new(settings, Arc::new(NoNetwork)).unwrap()
}

/// Claims of an administrator.
fn claims() -> Value {
    json!({"iss": "https://id.example", "aud": "postern", "sub": ADMIN, "org": ORG, "iat": NOW, "exp": NOW + 600,
           "roles": ["ORG_ADMIN"], "email": "ada@acme.example", "name": "Ada"})
}
