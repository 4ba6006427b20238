//! An identity provider of the tests: keys of every kind, the set that it publishes, and tokens of any shape.

use auth::{Fetch, FetchFault};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
    RsaEncoding, RsaKeyPair,
};
use aws_lc_rs::{hmac, rsa};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// The algorithms of JWKS that Postern takes.
pub const ALGORITHMS: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

/// Base64 as tokens have it.
#[must_use]
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Keys of every kind.
pub struct Issuer {
    rsa: RsaKeyPair,
    p256: EcdsaKeyPair,
    p384: EcdsaKeyPair,
    ed25519: Ed25519KeyPair,
}

/// The issuer that the tests trust. Made once, because RSA keys take their time.
pub static ISSUER: LazyLock<Issuer> = LazyLock::new(Issuer::generate);

/// Another, whom nobody trusts.
pub static STRANGER: LazyLock<Issuer> = LazyLock::new(Issuer::generate);

impl Issuer {
    fn generate() -> Self {
        Self {
            rsa: rsa::KeyPair::generate(KeySize::Rsa2048).expect("a key"),
            p256: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"),
            p384: EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).expect("a key"),
            ed25519: Ed25519KeyPair::generate().expect("a key"),
        }
    }

    /// The public key of an algorithm (RFC 7517), whose `kid` is the algorithm.
    #[must_use]
    pub fn jwk(&self, algorithm: &str) -> Value {
        let point = |key: &EcdsaKeyPair, curve: &str| {
            let (x, y) = key.public_key().as_ref()[1..].split_at(key.public_key().as_ref().len() / 2);
            json!({"kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y)})
        };
        let mut jwk = match algorithm {
            "ES256" => point(&self.p256, "P-256"),
            "ES384" => point(&self.p384, "P-384"),
            "EdDSA" => {
                let x = base64url(self.ed25519.public_key().as_ref());
                json!({"kty": "OKP", "crv": "Ed25519", "x": x})
            }
            _ => json!({"kty": "RSA", "n": base64url(self.modulus()), "e": "AQAB"}),
        };
        jwk["kid"] = algorithm.into();
        jwk["alg"] = algorithm.into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// The modulus of the RSA key.
    #[must_use]
    pub fn modulus(&self) -> Vec<u8> {
        self.rsa.public_key().modulus().big_endian_without_leading_zero().to_vec()
    }

    /// A set with a key for each of these algorithms.
    #[must_use]
    pub fn set(&self, algorithms: &[&str]) -> Value {
        json!({"keys": algorithms.iter().map(|algorithm| self.jwk(algorithm)).collect::<Vec<_>>()})
    }

    /// The signature of a text.
    #[must_use]
    pub fn signature(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let rng = SystemRandom::new();
        let rsa = |encoding: &'static dyn RsaEncoding| {
            let mut signature = vec![0; self.rsa.public_modulus_len()];
            self.rsa.sign(encoding, &rng, message, &mut signature).expect("a signature");
            signature
        };
        match algorithm {
            "RS256" => rsa(&RSA_PKCS1_SHA256),
            "RS384" => rsa(&RSA_PKCS1_SHA384),
            "RS512" => rsa(&RSA_PKCS1_SHA512),
            "PS256" => rsa(&RSA_PSS_SHA256),
            "PS384" => rsa(&RSA_PSS_SHA384),
            "PS512" => rsa(&RSA_PSS_SHA512),
            "ES256" => self.p256.sign(&rng, message).expect("a signature").as_ref().to_vec(),
            "ES384" => self.p384.sign(&rng, message).expect("a signature").as_ref().to_vec(),
            "EdDSA" => self.ed25519.sign(message).as_ref().to_vec(),
            other => panic!("{other} is none of ours"),
        }
    }

    /// A token with this header and these claims, as they stand.
    #[must_use]
    pub fn sign(&self, algorithm: &str, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", base64url(header), base64url(claims));
        format!("{message}.{}", base64url(self.signature(algorithm, message.as_bytes())))
    }

    /// A token as issuers make them.
    #[must_use]
    pub fn token(&self, algorithm: &str, claims: &Value) -> String {
        let header = json!({"alg": algorithm, "typ": "JWT", "kid": algorithm});
        self.sign(algorithm, &header.to_string(), &claims.to_string())
    }
}

/// A token with an HMAC for a signature.
#[must_use]
pub fn hmac_token(secret: &[u8], header: &str, claims: &str) -> String {
    let message = format!("{}.{}", base64url(header), base64url(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", base64url(tag))
}

/// Documents by URL, and what was asked for. A URL without a document cannot be reached.
#[derive(Debug, Clone, Default)]
pub struct KeyServer {
    documents: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl KeyServer {
    /// Puts a document at a URL.
    pub fn put(&self, url: &str, document: impl ToString) {
        let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        documents.insert(url.into(), document.to_string().into_bytes());
    }

    /// Takes everything away.
    pub fn break_down(&self) {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What was asked for since the last look.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Fetch for KeyServer {
    fn get<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchFault>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(url.into());
        let found = self.documents.lock().unwrap_or_else(PoisonError::into_inner).get(url).cloned();
        Box::pin(async move {
            // Others come by while a document is on its way.
            tokio::task::yield_now().await;
            found.ok_or_else(|| FetchFault(format!("{url} cannot be reached")))
        })
    }
}
