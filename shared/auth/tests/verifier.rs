//! Which tokens are accepted, and why the others are not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use auth::{BadKeys, ClaimNames, Fetch, FetchFault, JwtKeys, JwtSettings, Mint, Rejected, Verifier, mint};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use model::time::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NOW: i64 = 1_771_410_600;

fn settings() -> JwtSettings {
    JwtSettings {
        keys: JwtKeys::Secret(SECRET.into()),
        issuer: "https://id.example".into(),
        audience: "postern".into(),
        claims: ClaimNames::default(),
    }
}

struct Nowhere;

impl Fetch for Nowhere {
    fn get<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchFault>> {
        Box::pin(async move { Err(FetchFault(url.into())) })
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis(seconds * 1000).unwrap()
}

fn claims() -> Value {
    json!({"iss": "https://id.example", "aud": "postern", "sub": "alice", "org": "acme", "exp": NOW + 600,
           "roles": ["ORG_ADMIN"], "email": "alice@acme.example", "name": "Alice"})
}

fn signed(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
    jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes()))
        .unwrap()
}

fn verdict(token: &str) -> Result<model::principal::Principal, Rejected> {
    // With a secret there is nothing to wait for.
    let verifier = Verifier::new(&settings(), Arc::new(Nowhere)).unwrap();
    verifier.verify(token, at(NOW)).now_or_never().unwrap()
}

fn with(name: &str, value: Value) -> Result<model::principal::Principal, Rejected> {
    let mut claims = claims();
    claims[name] = value;
    verdict(&signed(Algorithm::HS256, SECRET, &claims))
}

fn without(name: &str) -> Result<model::principal::Principal, Rejected> {
    let mut claims = claims();
    claims.as_object_mut().unwrap().shift_remove(name);
    verdict(&signed(Algorithm::HS256, SECRET, &claims))
}

#[test]
fn a_good_token_names_its_caller() {
    let caller = verdict(&signed(Algorithm::HS256, SECRET, &claims())).unwrap();
    assert_eq!(caller.org.as_str(), "acme");
    assert_eq!(caller.user.as_str(), "alice");
    assert!(caller.is_org_admin);
    assert_eq!(caller.email.as_deref(), Some("alice@acme.example"));
    assert_eq!(caller.name.as_deref(), Some("Alice"));
}

#[test]
fn a_minted_token_is_accepted() {
    let roles = [String::from("ORG_ADMIN")];
    let wish = Mint { sub: "a", org: "o", roles: &roles, email: None, name: None, ttl_seconds: 60 };
    assert!(verdict(&mint(&settings(), &wish, at(NOW)).unwrap()).unwrap().is_org_admin);
}

#[test]
fn the_algorithm_is_the_keys_and_never_the_tokens() {
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        assert_eq!(verdict(&signed(algorithm, SECRET, &claims())), Err(Rejected::NotOurs));
    }
    // {"alg":"none","typ":"JWT"} in front of good claims, with an empty and with a good signature.
    let good = signed(Algorithm::HS256, SECRET, &claims());
    let parts: Vec<&str> = good.split('.').collect();
    for header in ["eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJOb25lIiwidHlwIjoiSldUIn0"] {
        for signature in ["", parts[2]] {
            let token = format!("{header}.{}.{signature}", parts[1]);
            assert_eq!(verdict(&token), Err(Rejected::NotOurs), "{token}");
        }
    }
}

#[test]
fn signature_issuer_and_audience_are_checked() {
    assert_eq!(verdict(&signed(Algorithm::HS256, &SECRET.to_uppercase(), &claims())), Err(Rejected::NotOurs));
    assert_eq!(with("iss", json!("https://evil.example")), Err(Rejected::NotOurs));
    assert_eq!(with("aud", json!("other")), Err(Rejected::NotOurs));
    assert_eq!(with("aud", json!(["other"])), Err(Rejected::NotOurs));
    assert_eq!(with("aud", json!(["postern", 5])), Err(Rejected::NotOurs));
    assert!(with("aud", json!(["other", "postern"])).is_ok());
    for claim in ["iss", "aud", "sub", "org", "exp"] {
        assert!(without(claim).is_err(), "{claim}");
    }
    for garbage in ["", ".", "..", "a.b.c", "garbage", &"x".repeat(9000)] {
        assert_eq!(verdict(garbage), Err(Rejected::NotOurs));
    }
}

#[test]
fn a_token_has_at_most_8192_bytes() {
    // Every 3 bytes of a claim are 4 of the token.
    let verdict_of = |name: usize| {
        let mut claims = claims();
        claims["name"] = "x".repeat(name).into();
        let token = signed(Algorithm::HS256, SECRET, &claims);
        (token.len(), verdict(&token).is_ok())
    };
    let longest = (5800..6000).map(verdict_of).take_while(|(_, is_taken)| *is_taken).last();
    assert_eq!(longest, Some((8192, true)));
}

#[test]
fn times_have_a_minute_of_leeway() {
    assert!(with("exp", json!(NOW - 59)).is_ok());
    assert_eq!(with("exp", json!(NOW - 60)), Err(Rejected::Expired));
    assert!(with("nbf", json!(NOW + 60)).is_ok());
    assert_eq!(with("nbf", json!(NOW + 61)), Err(Rejected::NotYetValid));
    for (claim, no_time) in [
        ("exp", json!("soon")),
        ("nbf", json!(-1)),
        ("exp", json!(253_402_300_800_i64)),
        ("nbf", json!(null)),
    ] {
        assert_eq!(with(claim, no_time.clone()), Err(Rejected::NotOurs), "{claim} {no_time}");
    }
    assert!(with("exp", json!(NOW as f64 + 0.5)).is_ok());
}

#[test]
fn an_identity_must_be_usable_as_one() {
    for org in ["", "a#b", "a b", &"x".repeat(65)] {
        assert_eq!(with("org", json!(org)), Err(Rejected::NoIdentity), "{org}");
    }
    for sub in ["", "a/b", &"x".repeat(129)] {
        assert_eq!(with("sub", json!(sub)), Err(Rejected::NoIdentity), "{sub}");
    }
    assert_eq!(with("org", json!(5)), Err(Rejected::NoIdentity));
    assert_eq!(with("org", json!(["acme"])), Err(Rejected::NoIdentity));
}

#[test]
fn roles_are_an_array_or_a_spaced_string() {
    for (roles, admin) in [
        (json!(["USER", "ORG_ADMIN"]), true),
        (json!("USER ORG_ADMIN"), true),
        (json!(["USER"]), false),
        (json!("ORG_ADMINS"), false),
        (json!("org_admin"), false),
        (json!(null), false),
        (json!({"ORG_ADMIN": true}), false),
        (json!([["ORG_ADMIN"]]), false),
    ] {
        assert_eq!(with("roles", roles.clone()).unwrap().is_org_admin, admin, "{roles}");
    }
}

#[test]
fn claims_stand_where_the_settings_say() {
    let settings = JwtSettings {
        claims: ClaimNames {
            org: "https://postern.example/org".into(),
            roles: "/realm_access/roles".into(),
            audience: "client_id".into(),
            admin_role: "admin".into(),
            ..ClaimNames::default()
        },
        ..settings()
    };
    let claims = json!({"iss": "https://id.example", "client_id": "postern", "sub": "alice", "exp": NOW + 600,
                        "https://postern.example/org": "acme", "realm_access": {"roles": ["admin"]}});
    let verifier = Verifier::new(&settings, Arc::new(Nowhere)).unwrap();
    let token = signed(Algorithm::HS256, SECRET, &claims);
    let caller = verifier.verify(&token, at(NOW)).now_or_never().unwrap().unwrap();
    assert_eq!((caller.org.as_str(), caller.is_org_admin, caller.email), ("acme", true, None));
}

#[test]
fn a_short_secret_is_refused() {
    let short = JwtSettings { keys: JwtKeys::Secret("x".repeat(31).into()), ..settings() };
    assert_eq!(Verifier::new(&short, Arc::new(Nowhere)).err(), Some(BadKeys::SecretTooShort));
}
