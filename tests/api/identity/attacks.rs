//! No token of the corpus is accepted, and each is refused quickly.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use support::issuer::{ALGORITHMS, ISSUER};
use support::{Setup, TestApp, at_millis};

use super::corpus::{corpus, unusable};
use super::{NOW, claims, inline, verifier};
use crate::expect;

/// How much longer than a good token a bad one may take.
const SLOWER_MAX: u32 = 20;

#[test]
fn the_corpus_has_eighty_attacks_and_more() {
    let corpus = corpus();
    let tokens: BTreeSet<_> = corpus.iter().map(|(_, token)| token).collect();
    assert!(tokens.len() >= 80, "{} attacks", tokens.len());
    println!("{} attacks", tokens.len());
}

#[tokio::test]
async fn every_attack_is_answered_with_401() {
    let app = TestApp::with_setup(Setup { jwt: inline(), ..Setup::default() }).await;
    for algorithm in ALGORITHMS {
        let _ = app.bearer(&ISSUER.token(algorithm, &claims())).get("/resources").await.expect(200);
    }
    let unusable: BTreeSet<_> = unusable().into_iter().map(|(_, token)| token).collect();
    for (name, token) in corpus() {
        // A token that no header can carry never reaches a function.
        if token.bytes().any(|byte| byte < b' ') {
            continue;
        }
        let reply = app.bearer(&token).get("/resources").await;
        assert_eq!(reply.status.as_u16(), 401, "{name}: {}", reply.text);
        if !unusable.contains(&token) {
            expect::code(&reply, 401, "UNAUTHORIZED", "Missing or invalid authentication token");
            assert_eq!(reply.header("x-postern-error"), Some("UNAUTHORIZED"), "{name}");
        }
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{name}");
    }
}

#[tokio::test]
async fn an_unusable_claim_is_named_without_its_value() {
    let app = TestApp::with_setup(Setup { jwt: inline(), ..Setup::default() }).await;
    for (name, token) in unusable() {
        let claim = name.split(' ').next().unwrap();
        let begin = format!("The token's claim '{claim}' cannot be used: it ");
        for (path, member) in [("/resources", "message"), ("/roles", "message"), ("/credentials", "detail")] {
            let reply = app.bearer(&token).get(path).await.expect(401);
            let said = reply.json[member].as_str().unwrap();
            assert!(said.starts_with(&begin), "{name}: {said}");
            assert_eq!(reply.header("x-postern-error"), Some("UNUSABLE_CLAIM"), "{name}");
            assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{name}");
            for value in ["evil", "xxx", "#", "a%b", "acme", "253402300800"] {
                assert!(!said.contains(value), "{name}: {said}");
            }
        }
    }
}

/// The shortest of some times: the time of the work itself.
async fn shortest(verifier: &auth::Verifier, token: &str) -> Duration {
    let mut shortest = Duration::MAX;
    for _ in 0..20 {
        #[expect(clippy::disallowed_methods, reason = "what is measured is the time")]
        let begin = Instant::now();
        let _ = verifier.verify(token, at_millis(NOW * 1000)).await;
        shortest = shortest.min(begin.elapsed());
    }
    shortest
}

#[tokio::test]
async fn no_attack_takes_twenty_times_as_long_as_a_good_token() {
    let verifier = verifier(&inline());
    let mut good = Vec::new();
    for algorithm in ALGORITHMS {
        good.push(shortest(&verifier, &ISSUER.token(algorithm, &claims())).await);
    }
    // The fastest good token is the measure, also for attacks on the slowest key.
    let good = good.into_iter().min().unwrap();
    let mut slowest = (Duration::ZERO, String::new());
    for (name, token) in corpus() {
        let time = shortest(&verifier, &token).await;
        assert!(time < good * SLOWER_MAX, "{name} takes {time:?}, a good token {good:?}");
        slowest = slowest.max((time, name));
    }
    println!("a good token {good:?}, the slowest attack {slowest:?}");
}
