//! Keys that an issuer publishes: which are used, where they are fetched, and how long they are kept.

use auth::{
    BadKeys, Fetch, InvalidToken, JwtKeys, JwtSettings, KeySet, KeySource, REFRESH_SECONDS, STALE_SECONDS,
    Verifier,
};
use serde_json::{Value, json};
use std::sync::Arc;
use support::at_millis;
use support::issuer::{ALGORITHMS, ISSUER, KeyServer, STRANGER, base64url};

use super::{KEYS_URL, NOW, claims, inline, remote, settings, verifier};

fn at(seconds: i64) -> model::time::Timestamp {
    at_millis((NOW + seconds) * 1000)
}

/// Claims that outlast every test.
fn lasting() -> Value {
    let mut claims = claims();
    claims["exp"] = (NOW + 10 * STALE_SECONDS).into();
    claims
}

fn token(algorithm: &str) -> String {
    ISSUER.token(algorithm, &lasting())
}

fn of_site(settings: &JwtSettings, site: &KeyServer) -> Verifier {
    Verifier::new(settings, Arc::new(site.clone()) as Arc<dyn Fetch>).unwrap()
}

/// A site with a set of these keys.
fn site(algorithms: &[&str]) -> KeyServer {
    let site = KeyServer::default();
    site.put(KEYS_URL, ISSUER.set(algorithms));
    site
}

#[tokio::test]
async fn every_algorithm_works_with_every_source_of_keys() {
    let from_url = of_site(&remote(), &site(&ALGORITHMS));
    let inline = verifier(&inline());
    for algorithm in ALGORITHMS {
        for verifier in [&inline, &from_url] {
            let caller = verifier.verify(&token(algorithm), at(0)).await.unwrap();
            assert!(caller.is_org_admin && caller.org.as_str() == "acme", "{algorithm}");
        }
    }
}

#[tokio::test]
async fn the_type_fixes_the_algorithm_of_a_key_without_alg() {
    let mut set = ISSUER.set(&ALGORITHMS);
    for key in set["keys"].as_array_mut().unwrap() {
        let _ = key.as_object_mut().unwrap().shift_remove("alg");
    }
    let verifier = verifier(&settings(JwtKeys::Inline(set.to_string())));
    for algorithm in ALGORITHMS {
        let expected = matches!(algorithm, "RS256" | "ES256" | "ES384" | "EdDSA");
        assert_eq!(verifier.verify(&token(algorithm), at(0)).await.is_ok(), expected, "{algorithm}");
    }
}

#[test]
fn keys_that_cannot_verify_a_token_are_skipped() {
    let good = ISSUER.jwk("RS256");
    assert!(KeySet::parse(&json!({ "keys": [good] }).to_string()).is_ok());
    let with = |name: &str, value: Value| {
        let mut key = good.clone();
        key[name] = value;
        key
    };
    let p521 = json!({"kty": "EC", "crv": "P-521", "kid": "a", "x": "AA", "y": "AA"});
    for (why, key) in [
        ("symmetric", json!({"kty": "oct", "kid": "a", "alg": "HS256", "k": base64url([7; 32])})),
        ("for encryption", with("use", json!("enc"))),
        ("for other operations", with("key_ops", json!(["encrypt"]))),
        ("for HMAC", with("alg", json!("HS256"))),
        ("of another family", with("alg", json!("ES256"))),
        ("short", with("n", json!(base64url([0xC1; 128])))),
        ("huge", with("n", json!(base64url(vec![0xC1; 2000])))),
        ("nameless", with("kid", Value::Null)),
        ("no key", json!("RS256")),
        ("of another curve", p521),
    ] {
        let set = json!({ "keys": [key] }).to_string();
        assert!(KeySet::parse(&set).is_err(), "{why}");
        assert!(matches!(
            Verifier::new(&settings(JwtKeys::Inline(set)), Arc::new(KeyServer::default())).err(),
            Some(BadKeys::NotAKeySet(_))
        ));
    }
    for text in ["", "{}", "[]", "{\"keys\": {}}", "{\"keys\": []}", "null"] {
        assert!(KeySet::parse(text).is_err(), "{text}");
    }
    assert!(KeySet::parse(&json!({"keys": [null, 5, {"kty": "new"}, good]}).to_string()).is_ok());
}

#[tokio::test]
async fn the_discovery_document_leads_to_the_keys() {
    const DISCOVERY: &str = "https://id.example/.well-known/openid-configuration";
    let source = KeySource::Discovery { issuer: "https://id.example".into() };
    let verify = async |document: Value| {
        let site = site(&ALGORITHMS);
        site.put(DISCOVERY, document);
        of_site(&settings(JwtKeys::Remote(source.clone())), &site)
            .verify(&token("RS256"), at(0))
            .await
            .map(|_| ())
    };
    let good = json!({"issuer": "https://id.example", "jwks_uri": KEYS_URL});
    assert_eq!(verify(good).await, Ok(()));
    for document in [
        json!({"issuer": "https://evil.example", "jwks_uri": KEYS_URL}),
        json!({"issuer": "https://id.example", "jwks_uri": "http://id.example/keys"}),
        json!({"issuer": "https://id.example", "jwks_uri": "http://127.0.0.1/keys"}),
        json!({"issuer": "https://id.example"}),
        json!("no document"),
    ] {
        assert_eq!(verify(document.clone()).await, Err(InvalidToken::NoKeys), "{document}");
    }
}

#[test]
fn keys_are_fetched_by_https() {
    for url in ["http://id.example/keys", "ftp://id.example/keys", "id.example"] {
        let settings = settings(JwtKeys::Remote(KeySource::Url(url.into())));
        let refused = Verifier::new(&settings, Arc::new(KeyServer::default())).err();
        assert_eq!(refused, Some(BadKeys::NotFetchable(url.into())));
    }
}

#[tokio::test]
async fn a_key_set_is_fetched_once_and_again_when_it_is_old() {
    let site = site(&["RS256"]);
    let verifier = of_site(&remote(), &site);
    for second in 0..REFRESH_SECONDS {
        verifier.verify(&token("ES256"), at(0)).await.unwrap_err();
        verifier.verify(&token("RS256"), at(second)).await.unwrap();
    }
    assert_eq!(site.asked().len(), 1);
    site.put(KEYS_URL, ISSUER.set(&["ES256"]));
    let withdrawn = verifier.verify(&token("RS256"), at(REFRESH_SECONDS)).await;
    assert_eq!(withdrawn.err(), Some(InvalidToken::UnknownKey));
    verifier.verify(&token("ES256"), at(REFRESH_SECONDS)).await.unwrap();
    assert_eq!(site.asked().len(), 1);
}

#[tokio::test]
async fn an_unknown_key_causes_one_fetch_a_minute() {
    let site = site(&["RS256"]);
    let verifier = of_site(&remote(), &site);
    verifier.verify(&token("RS256"), at(0)).await.unwrap();
    let mut fetches = 0;
    for second in 0..600 {
        let stranger = STRANGER.sign("ES256", &format!(r#"{{"alg":"ES256","kid":"{second}"}}"#), "{}");
        assert_eq!(verifier.verify(&stranger, at(second)).await.err(), Some(InvalidToken::UnknownKey));
    }
    fetches += site.asked().len();
    assert_eq!(fetches, 10, "once for each minute, the first of them by the first token");
    // A new key is found without a restart.
    site.put(KEYS_URL, ISSUER.set(&["RS256", "ES256"]));
    assert_eq!(verifier.verify(&token("ES256"), at(599)).await.err(), Some(InvalidToken::UnknownKey));
    verifier.verify(&token("ES256"), at(601)).await.unwrap();
}

#[tokio::test]
async fn simultaneous_requests_wait_for_one_fetch() {
    let site = site(&["RS256"]);
    let verifier = of_site(&remote(), &site);
    let token = token("RS256");
    let all = (0..50).map(|_| verifier.verify(&token, at(0)));
    assert!(futures_util::future::join_all(all).await.iter().all(Result::is_ok));
    assert_eq!(site.asked().len(), 1);
}

#[tokio::test]
async fn the_last_good_set_survives_an_outage_for_a_day() {
    let site = site(&["RS256"]);
    let verifier = of_site(&remote(), &site);
    verifier.verify(&token("RS256"), at(0)).await.unwrap();
    for broken in ["", "<html>", "{\"keys\": []}"] {
        site.break_down();
        if !broken.is_empty() {
            site.put(KEYS_URL, broken);
        }
        for second in [REFRESH_SECONDS, 3600, STALE_SECONDS - 1] {
            verifier.verify(&token("RS256"), at(second)).await.unwrap();
        }
    }
    assert_eq!(verifier.verify(&token("RS256"), at(STALE_SECONDS)).await.err(), Some(InvalidToken::NoKeys));
    site.put(KEYS_URL, ISSUER.set(&["RS256"]));
    verifier.verify(&token("RS256"), at(STALE_SECONDS + 60)).await.unwrap();
}

#[tokio::test]
async fn without_a_key_set_callers_are_refused_and_it_is_fetched_every_five_seconds() {
    let site = KeyServer::default();
    let verifier = of_site(&remote(), &site);
    for second in 0..10 {
        assert_eq!(verifier.verify(&token("RS256"), at(second)).await.err(), Some(InvalidToken::NoKeys));
    }
    assert_eq!(site.asked().len(), 2);
    site.put(KEYS_URL, ISSUER.set(&["RS256"]));
    verifier.verify(&token("RS256"), at(10)).await.unwrap();
}
