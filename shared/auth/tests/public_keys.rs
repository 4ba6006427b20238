//! Tokens that an issuer signs with a private key: which public key verifies which token, and when keys are fetched.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use auth::{BadKeys, ClaimNames, Fetch, FetchFault, InvalidToken, JwtKeys, JwtSettings, KeySource, Verifier};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use model::time::Timestamp;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const NOW: i64 = 1_771_410_600;

/// Answers every URL with one document, and remembers the URLs.
#[derive(Default)]
struct StubIssuer {
    document: Vec<u8>,
    asked: Mutex<Vec<String>>,
}

impl Fetch for StubIssuer {
    fn get<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchFault>> {
        self.asked.lock().unwrap().push(url.into());
        let found =
            if self.document.is_empty() { Err(FetchFault(url.into())) } else { Ok(self.document.clone()) };
        Box::pin(async move { found })
    }
}

fn now() -> Timestamp {
    Timestamp::from_unix_millis(NOW * 1000).unwrap()
}

/// A set with the public half of a key, under a name.
fn set(key: &Ed25519KeyPair, kid: &str) -> String {
    let x = URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x}]}).to_string()
}

/// A token of an administrator under this header.
fn token(key: &Ed25519KeyPair, header: &Value) -> String {
    let claims = json!({"iss": "https://id.example", "aud": "postern", "sub": "alice", "org": "acme",
                        "exp": NOW + 600, "roles": ["ORG_ADMIN"]});
    let [header, claims] = [header, &claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(format!("{header}.{claims}").as_bytes()));
    format!("{header}.{claims}.{signature}")
}

fn verifier(keys: JwtKeys, site: &Arc<StubIssuer>) -> Result<Verifier, BadKeys> {
    let (issuer, audience) = ("https://id.example".into(), "postern".into());
    let settings = JwtSettings { keys, issuer, audience, claims: ClaimNames::default() };
    Verifier::new(&settings, Arc::clone(site) as Arc<dyn Fetch>)
}

fn verdict(verifier: &Verifier, token: &str) -> Result<String, InvalidToken> {
    let caller = verifier.verify(token, now()).now_or_never().unwrap();
    caller.map(|caller| caller.user.to_string())
}

#[tokio::test]
async fn only_the_named_key_verifies_a_token() {
    let [ours, other] = [(); 2].map(|()| Ed25519KeyPair::generate().unwrap());
    let site = Arc::new(StubIssuer { document: set(&ours, "a").into(), ..StubIssuer::default() });
    let remote = JwtKeys::Remote(KeySource::Url("https://id.example/keys".into()));
    for keys in [JwtKeys::Inline(set(&ours, "a")), remote] {
        let verifier = verifier(keys, &site).unwrap();
        for (key, header, expected) in [
            (&ours, json!({"alg": "EdDSA", "kid": "a"}), Ok("alice".into())),
            (&other, json!({"alg": "EdDSA", "kid": "a"}), Err(InvalidToken::NotOurs)),
            (&ours, json!({"alg": "ES256", "kid": "a"}), Err(InvalidToken::NotOurs)),
            (&ours, json!({"alg": "EdDSA", "kid": "b"}), Err(InvalidToken::UnknownKey)),
            (&ours, json!({"alg": "EdDSA"}), Err(InvalidToken::UnknownKey)),
        ] {
            assert_eq!(verdict(&verifier, &token(key, &header)), expected, "{header}");
        }
    }
    assert_eq!(site.asked.lock().unwrap().len(), 1);
}

/// A set of these keys, in this order.
fn set_of(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

fn public(key: &Ed25519KeyPair, kid: &str) -> Value {
    let set: Value = serde_json::from_str(&set(key, kid)).unwrap();
    set.pointer("/keys/0").unwrap().clone()
}

#[tokio::test]
async fn among_keys_of_one_name_the_algorithm_decides() {
    let [ours, former, other] = [(); 3].map(|()| Ed25519KeyPair::generate().unwrap());
    let rsa = json!({"kty": "RSA", "kid": "a", "n": URL_SAFE_NO_PAD.encode([0xc1; 256]), "e": "AQAB"});
    let mut encrypts = public(&other, "a");
    encrypts["use"] = "enc".into();
    let mut for_another = public(&other, "a");
    for_another["alg"] = "ES256".into();
    let mut signs_only = public(&other, "a");
    signs_only["key_ops"] = json!(["sign"]);
    let mut nameless = public(&other, "a");
    nameless.as_object_mut().unwrap().remove("kid");
    let others = [rsa, encrypts, for_another, signs_only, nameless];
    for turn in 0..=others.len() {
        let mut keys = others.to_vec();
        keys.insert(turn, public(&ours, "a"));
        keys.push(public(&former, "a"));
        let verifier = verifier(JwtKeys::Inline(set_of(&keys)), &Arc::default()).unwrap();
        for (key, header, expected) in [
            (&ours, json!({"alg": "EdDSA", "kid": "a"}), Ok("alice".into())),
            (&former, json!({"alg": "EdDSA", "kid": "a"}), Ok("alice".into())),
            (&other, json!({"alg": "EdDSA", "kid": "a"}), Err(InvalidToken::NotOurs)),
            (&other, json!({"alg": "EdDSA"}), Err(InvalidToken::UnknownKey)),
            (&ours, json!({"alg": "RS256", "kid": "a"}), Err(InvalidToken::NotOurs)),
            (&ours, json!({"alg": "HS256", "kid": "a"}), Err(InvalidToken::NotOurs)),
        ] {
            assert_eq!(verdict(&verifier, &token(key, &header)), expected, "{turn} {header}");
        }
    }
}

#[tokio::test]
async fn without_the_issuers_keys_a_token_is_neither_good_nor_bad() {
    let key = Ed25519KeyPair::generate().unwrap();
    let remote = JwtKeys::Remote(KeySource::Url("https://id.example/keys".into()));
    let verifier = verifier(remote, &Arc::default()).unwrap();
    let token = token(&key, &json!({"alg": "EdDSA", "kid": "a"}));
    assert_eq!(verdict(&verifier, &token), Err(InvalidToken::NoKeys));
}

#[tokio::test]
async fn keys_can_be_fetched_before_the_first_request() {
    let key = Ed25519KeyPair::generate().unwrap();
    let site = Arc::new(StubIssuer { document: set(&key, "a").into(), ..StubIssuer::default() });
    let verifier =
        verifier(JwtKeys::Remote(KeySource::Url("https://id.example/keys".into())), &site).unwrap();
    verifier.warm_up(now()).now_or_never().unwrap();
    assert_eq!(*site.asked.lock().unwrap(), ["https://id.example/keys"]);
    assert!(verdict(&verifier, &token(&key, &json!({"alg": "EdDSA", "kid": "a"}))).is_ok());
    assert_eq!(site.asked.lock().unwrap().len(), 1);
}

#[test]
fn keys_that_cannot_be_used_are_refused_with_a_reason() {
    let url = |url: &str| JwtKeys::Remote(KeySource::Url(url.into()));
    let plain = "keys are fetched by https only, and not from";
    for (keys, reason) in [
        (JwtKeys::Secret("x".repeat(31).into()), "the secret for HS256 must have at least 32 bytes".into()),
        (JwtKeys::Inline(r#"{"keys":[]}"#.into()), "no key of the set can verify a token".into()),
        (url("http://id.example/keys"), format!("{plain} http://id.example/keys")),
        (
            JwtKeys::Remote(KeySource::Discovery { issuer: "http://id.example/".into() }),
            format!("{plain} http://id.example/.well-known/openid-configuration"),
        ),
    ] {
        assert_eq!(verifier(keys, &Arc::default()).err().unwrap().to_string(), reason);
    }
}
