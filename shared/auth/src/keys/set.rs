//! A set of public keys (RFC 7517 §5).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;

use crate::jws;

/// Most keys of a set that are read. Issuers publish about one to twenty.
const KEYS_MAX: usize = 100;

/// Bytes of an RSA modulus: at least 2048 bits (RFC 7518 §3.3). More than 8192 bits would only cost time.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// The algorithm of an RSA key without `alg`. Every issuer that leaves it out uses this one.
const RSA_DEFAULT: Algorithm = Algorithm::RS256;

const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// A key with its name and its only algorithm (RFC 8725 §3.1).
pub(crate) struct PublicKey {
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}

/// A key set of an issuer.
pub struct KeySet(Vec<PublicKey>);

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| (&key.kid, key.algorithm))).finish()
    }
}

/// Why a text is not a key set: broken JSON, or no key that can verify a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAKeySet(String);

impl fmt::Display for NotAKeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotAKeySet {}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a key set. Keys that cannot verify a token are skipped (RFC 7517 §5): those without `kid`, for encryption, of other types or curves,
    /// too short, or symmetric.
    ///
    /// # Errors
    /// [`NotAKeySet`].
    pub fn parse(json: &str) -> Result<Self, NotAKeySet> {
        let document: Document = serde_json::from_str(json).map_err(|error| {
            NotAKeySet(format!("not a set of keys, at {}:{}", error.line(), error.column()))
        })?;
        let keys = document.keys.into_iter().take(KEYS_MAX);
        let keys: Vec<_> = keys.filter_map(|key| public_key(&serde_json::from_value(key).ok()?)).collect();
        if keys.is_empty() {
            return Err(NotAKeySet("no key of the set can verify a token".into()));
        }
        Ok(Self(keys))
    }

    /// The keys with a name, at least one. Keys of different types may share a name (RFC 7517 §4.5), and some issuers give it to two keys of one
    /// type. Each verifies its own algorithm only.
    pub(crate) fn find(&self, kid: &str) -> Option<impl Iterator<Item = &PublicKey>> {
        let mut keys = self.0.iter().filter(move |key| key.kid == kid).peekable();
        keys.peek().is_some().then_some(keys)
    }
}

fn public_key(jwk: &Jwk) -> Option<PublicKey> {
    let common = &jwk.common;
    let is_for_signatures =
        common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature);
    let verifies = common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
    if !is_for_signatures || !verifies {
        return None;
    }
    let algorithm = algorithm(jwk)?;
    let key = DecodingKey::from_jwk(jwk).ok()?;
    Some(PublicKey { kid: common.key_id.clone()?, algorithm, key })
}

/// The algorithm of a key. Type and curve fix it; an RSA key names it.
#[expect(clippy::wildcard_enum_match_arm, reason = "fails closed: a new type of the library is refused")]
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let said = jwk.common.key_algorithm.map(|algorithm| algorithm.to_string());
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) => {
            let bytes = URL_SAFE_NO_PAD.decode(&rsa.n).ok()?;
            let length = bytes.iter().skip_while(|byte| **byte == 0).count();
            MODULUS_BYTES.contains(&length).then_some(())?;
            match &said {
                None => RSA_DEFAULT,
                Some(said) => RSA.into_iter().find(|algorithm| jws::name(*algorithm) == *said)?,
            }
        }
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P384 => Algorithm::ES384,
        AlgorithmParameters::OctetKeyPair(point) if point.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return None,
    };
    said.is_none_or(|said| said == jws::name(algorithm)).then_some(algorithm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A key with a modulus of so many bytes, the first of which is given.
    fn rsa(first: u8, bytes: usize) -> Value {
        let mut modulus = vec![0xc1; bytes];
        modulus[0] = first;
        json!({"kty": "RSA", "kid": "a", "n": URL_SAFE_NO_PAD.encode(modulus), "e": "AQAB"})
    }

    fn curve(kind: &str, name: &str) -> Value {
        json!({"kty": kind, "kid": "a", "crv": name, "x": "AA", "y": "AA"})
    }

    fn with(mut key: Value, name: &str, value: Value) -> Value {
        key[name] = value;
        key
    }

    /// The algorithm of a key in a set of its own.
    fn algorithm_of(key: &Value) -> Option<Algorithm> {
        let set = KeySet::parse(&json!({ "keys": [key] }).to_string()).ok()?;
        Some(set.find("a").unwrap().next().unwrap().algorithm)
    }

    #[test]
    fn a_key_has_one_algorithm() {
        let rsa = || rsa(0xc1, 256);
        for (key, algorithm) in [
            (rsa(), Algorithm::RS256),
            (with(rsa(), "alg", json!("RS512")), Algorithm::RS512),
            (with(rsa(), "alg", json!("PS384")), Algorithm::PS384),
            (curve("EC", "P-256"), Algorithm::ES256),
            (curve("EC", "P-384"), Algorithm::ES384),
            (curve("OKP", "Ed25519"), Algorithm::EdDSA),
            (with(curve("EC", "P-256"), "alg", json!("ES256")), Algorithm::ES256),
            (with(rsa(), "use", json!("sig")), Algorithm::RS256),
            (with(rsa(), "key_ops", json!(["sign", "verify"])), Algorithm::RS256),
        ] {
            assert_eq!(algorithm_of(&key), Some(algorithm), "{key}");
        }
    }

    #[test]
    fn a_key_that_cannot_verify_a_token_is_skipped() {
        let good = || rsa(0xc1, 256);
        for key in [
            with(good(), "use", json!("enc")),
            with(good(), "key_ops", json!(["encrypt"])),
            with(good(), "key_ops", json!([])),
            with(with(good(), "use", json!("enc")), "key_ops", json!(["verify"])),
            with(good(), "alg", json!("ES256")),
            with(good(), "alg", json!("HS256")),
            with(curve("EC", "P-256"), "alg", json!("ES384")),
            with(good(), "kid", Value::Null),
            curve("EC", "P-521"),
            curve("EC", "Ed25519"),
            curve("OKP", "P-256"),
            json!({"kty": "oct", "kid": "a", "k": "AAAA"}),
            json!({"kty": "new", "kid": "a"}),
            json!(null),
        ] {
            assert_eq!(algorithm_of(&key), None, "{key}");
        }
    }

    #[test]
    fn a_modulus_has_from_256_to_1024_bytes_without_leading_zeros() {
        for (first, bytes, fits) in [
            (0xc1, 255, false),
            (0xc1, 256, true),
            (0xc1, 1024, true),
            (0xc1, 1025, false),
            (0, 256, false),
            (0, 257, true),
            (0, 1025, true),
        ] {
            assert_eq!(algorithm_of(&rsa(first, bytes)).is_some(), fits, "{first} {bytes}");
        }
    }

    #[test]
    fn every_key_with_a_name_is_found() {
        let encrypts = with(curve("EC", "P-256"), "use", json!("enc"));
        let keys = [
            with(curve("EC", "P-256"), "kid", json!("other")),
            encrypts,
            curve("EC", "P-384"),
            curve("EC", "P-256"),
        ];
        let set = KeySet::parse(&json!({ "keys": keys }).to_string()).unwrap();
        let algorithms = |kid| Some(set.find(kid)?.map(|key| key.algorithm).collect::<Vec<_>>());
        assert_eq!(algorithms("a"), Some(vec![Algorithm::ES384, Algorithm::ES256]));
        assert_eq!(algorithms("other"), Some(vec![Algorithm::ES256]));
        assert_eq!((algorithms(""), algorithms("A")), (None, None));
    }

    #[test]
    fn a_broken_key_set_names_its_fault() {
        for (text, why) in
            [("{}", "not a set of keys, at 1:2"), (r#"{"keys":[]}"#, "no key of the set can verify a token")]
        {
            assert_eq!(KeySet::parse(text).unwrap_err().to_string(), why);
        }
    }
}
