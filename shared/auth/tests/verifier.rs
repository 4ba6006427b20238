//! Which tokens are accepted, and why others are refused.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use auth::{
    BadClaim, BadKeys, ClaimFault, ClaimNames, Fetch, FetchFault, InvalidToken, JwtKeys, JwtSettings, Mint,
    Verifier, mint,
};
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

fn verdict(token: &str) -> Result<model::principal::Principal, InvalidToken> {
    // A secret from the settings needs no fetch.
    let verifier = Verifier::new(&settings(), Arc::new(Nowhere)).unwrap();
    verifier.verify(token, at(NOW)).now_or_never().unwrap()
}

fn with(name: &str, value: Value) -> Result<model::principal::Principal, InvalidToken> {
    let mut claims = claims();
    claims[name] = value;
    verdict(&signed(Algorithm::HS256, SECRET, &claims))
}

fn without(name: &str) -> Result<model::principal::Principal, InvalidToken> {
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
    let token = Mint {
        sub: "a",
        org: "o",
        roles: &roles,
        email: None,
        name: None,
        email_verified: false,
        ttl_seconds: 60,
    };
    assert!(verdict(&mint(&settings(), &token, at(NOW)).unwrap()).unwrap().is_org_admin);
}

#[test]
fn the_key_fixes_the_algorithm_and_the_token_does_not() {
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        assert_eq!(verdict(&signed(algorithm, SECRET, &claims())), Err(InvalidToken::NotOurs));
    }
    // {"alg":"none","typ":"JWT"} in front of good claims, with an empty and with a good signature.
    let good = signed(Algorithm::HS256, SECRET, &claims());
    let parts: Vec<&str> = good.split('.').collect();
    for header in ["eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJOb25lIiwidHlwIjoiSldUIn0"] {
        for signature in ["", parts[2]] {
            let token = format!("{header}.{}.{signature}", parts[1]);
            assert_eq!(verdict(&token), Err(InvalidToken::NotOurs), "{token}");
        }
    }
}

/// The fault of a claim.
fn bad<T>(name: &str, fault: ClaimFault) -> Result<T, InvalidToken> {
    Err(InvalidToken::Claim(BadClaim { name: name.into(), fault }))
}

#[test]
fn signature_issuer_and_audience_are_checked() {
    assert_eq!(
        verdict(&signed(Algorithm::HS256, &SECRET.to_uppercase(), &claims())),
        Err(InvalidToken::NotOurs)
    );
    assert_eq!(with("iss", json!("https://evil.example")), bad("iss", ClaimFault::OtherIssuer));
    for audience in [json!("other"), json!(["other"]), json!(["postern", 5]), json!(5)] {
        assert_eq!(with("aud", audience.clone()), bad("aud", ClaimFault::OtherAudience), "{audience}");
    }
    assert!(with("aud", json!(["other", "postern"])).is_ok());
    for claim in ["iss", "aud", "sub", "org", "exp"] {
        assert_eq!(without(claim), bad(claim, ClaimFault::Missing));
    }
    for garbage in ["", ".", "..", "a.b.c", "garbage", &"x".repeat(9000)] {
        assert_eq!(verdict(garbage), Err(InvalidToken::NotOurs));
    }
}

/// Otherwise a forger could find out what a good token must hold.
#[test]
fn the_claims_of_a_badly_signed_token_are_not_reported() {
    for name in ["iss", "aud", "sub", "org", "exp", "nbf"] {
        let mut claims = claims();
        claims[name] = json!({});
        assert_eq!(
            verdict(&signed(Algorithm::HS256, &SECRET.to_uppercase(), &claims)),
            Err(InvalidToken::NotOurs)
        );
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
    assert_eq!(with("exp", json!(NOW - 60)), bad("exp", ClaimFault::Past));
    assert!(with("nbf", json!(NOW + 60)).is_ok());
    assert_eq!(with("nbf", json!(NOW + 61)), bad("nbf", ClaimFault::Future));
    for (claim, no_time) in [
        ("exp", json!("soon")),
        ("nbf", json!(-1)),
        ("exp", json!(253_402_300_800_i64)),
        ("nbf", json!(null)),
    ] {
        assert_eq!(with(claim, no_time.clone()), bad(claim, ClaimFault::NotATime), "{claim} {no_time}");
    }
    assert!(with("exp", json!(NOW as f64 + 0.5)).is_ok());
}

#[test]
fn subject_and_organization_must_be_well_formed() {
    for org in ["a#b", "a b", &"x".repeat(65)] {
        assert_eq!(with("org", json!(org)), bad("org", ClaimFault::NotAnOrganization), "{org}");
    }
    for sub in ["a#b", "a%b", "a b", "é", "..", &"x".repeat(129)] {
        assert_eq!(with("sub", json!(sub)), bad("sub", ClaimFault::NotAUserId), "{sub}");
    }
    for (name, value, fault) in [
        ("org", json!(5), ClaimFault::NotAText),
        ("org", json!(""), ClaimFault::Empty),
        ("org", json!([]), ClaimFault::Missing),
        ("org", json!([5]), ClaimFault::NotAText),
        ("org", json!(["acme", "acme"]), ClaimFault::Several),
        ("org", json!({"acme": {}}), ClaimFault::NotAText),
        ("sub", json!(null), ClaimFault::Missing),
        ("sub", json!(""), ClaimFault::Empty),
        ("sub", json!(["alice"]), ClaimFault::NotAText),
    ] {
        assert_eq!(with(name, value.clone()), bad(name, fault), "{name} {value}");
    }
    assert_eq!(with("org", json!(["acme"])).unwrap().org.as_str(), "acme", "Keycloak's organization");
    for sub in ["ldoYM/PkAtl+W8AJ743J2PaovD5oe6mrHs=", "ACME\\ada", "o'brien@acme.example", "a:b|c"] {
        assert_eq!(with("sub", json!(sub)).unwrap().user.as_str(), sub);
    }
}

#[test]
fn an_email_counts_as_verified_only_if_the_provider_says_so() {
    let verifiers = [false, true].map(|all| {
        let claims = ClaimNames { emails_are_verified: all, ..ClaimNames::default() };
        let other = ClaimNames { email: "upn".into(), ..claims.clone() };
        [claims, other]
            .map(|claims| Verifier::new(&JwtSettings { claims, ..settings() }, Arc::new(Nowhere)).unwrap())
    });
    for (said, by_token, by_setting) in [
        (json!(true), true, true),
        (json!("true"), true, true),
        (json!(null), false, true),
        (json!(1), false, true),
        (json!("yes"), false, true),
        (json!(false), false, false),
        (json!("false"), false, false),
    ] {
        let mut claims = claims();
        claims["email_verified"] = said.clone();
        claims["upn"] = "boss@acme.example".into();
        let token = signed(Algorithm::HS256, SECRET, &claims);
        let found = verifiers.each_ref().map(|of| {
            of.each_ref().map(|verifier| {
                verifier.verify(&token, at(NOW)).now_or_never().unwrap().unwrap().email_is_verified
            })
        });
        // `email_verified` is about the claim `email`, and not about another one.
        assert_eq!(found, [[by_token, false], [by_setting, by_setting]], "{said}");
    }
    assert!(!with("email", json!(null)).unwrap().email_is_verified);
}

#[test]
fn roles_are_texts_or_an_object_with_the_organizations_that_gave_them() {
    for (roles, admin) in [
        (json!(["USER", "ORG_ADMIN"]), true),
        (json!("USER ORG_ADMIN"), true),
        (json!(["USER"]), false),
        (json!("ORG_ADMINS"), false),
        (json!("org_admin"), false),
        (json!(null), false),
        (json!([["ORG_ADMIN"]]), false),
        (json!(["USER ORG_ADMIN"]), false),
        (json!({"ORG_ADMIN": {"acme": "acme.example"}}), true),
        (json!({"USER": {}, "ORG_ADMIN": {"228": "other.example", "229": "acme"}}), true),
        (json!([{"USER": {"acme": "a"}}, {"ORG_ADMIN": {"acme": "a"}}]), true),
        (json!({"ORG_ADMIN": true}), false),
        (json!({"ORG_ADMIN": {}}), false),
        (json!({"ORG_ADMIN": ["acme"]}), false),
        // Another organization gave the role.
        (json!({"ORG_ADMIN": {"other": "other.example"}}), false),
        (json!({"USER": {"ORG_ADMIN": "acme"}}), false),
    ] {
        assert_eq!(with("roles", roles.clone()).unwrap().is_org_admin, admin, "{roles}");
    }
}

#[test]
fn a_role_may_have_a_space_in_its_name() {
    let claims = ClaimNames { admin_role: "Postern Admins".into(), ..ClaimNames::default() };
    let verifier = Verifier::new(&JwtSettings { claims, ..settings() }, Arc::new(Nowhere)).unwrap();
    for (roles, admin) in [
        (json!("Postern Admins"), true),
        (json!(["Postern Admins"]), true),
        (json!("Postern"), false),
        (json!("Users Postern Admins"), false),
    ] {
        let mut claims = self::claims();
        claims["roles"] = roles.clone();
        let token = signed(Algorithm::HS256, SECRET, &claims);
        let caller = verifier.verify(&token, at(NOW)).now_or_never().unwrap().unwrap();
        assert_eq!(caller.is_org_admin, admin, "{roles}");
    }
}

#[test]
fn the_settings_name_the_claims() {
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
