//! An HS256 secret in Secrets Manager: when a new value counts, and how long an old one does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use auth::{
    ClaimNames, Fetch, FetchFault, InvalidToken, JwtKeys, JwtSettings, Mint, REFRESH_SECONDS, STALE_SECONDS,
    Verifier, mint,
};
use futures_util::future::BoxFuture;
use model::time::Timestamp;
use secrecy::SecretString;
use std::sync::{Arc, Mutex};

const OLD: &str = "the old secret, of 32 bytes or more";
const NEW: &str = "the new secret, of 32 bytes or more";
const NAME: &str = "postern/jwt";

/// A store of one secret. It counts its reads. Without a text it cannot be reached.
#[derive(Default)]
struct Secrets {
    current: Mutex<Option<&'static str>>,
    reads: Mutex<usize>,
}

impl Secrets {
    fn rotate(&self, text: Option<&'static str>) {
        *self.current.lock().unwrap() = text;
    }

    fn take_reads(&self) -> usize {
        std::mem::take(&mut self.reads.lock().unwrap())
    }
}

impl Fetch for Secrets {
    fn get<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchFault>> {
        Box::pin(async move { panic!("{url} is no secret") })
    }

    fn secret<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<SecretString, FetchFault>> {
        assert_eq!(name, NAME);
        *self.reads.lock().unwrap() += 1;
        let current = *self.current.lock().unwrap();
        Box::pin(async move { current.map(SecretString::from).ok_or(FetchFault("out of reach".into())) })
    }
}

fn settings(keys: JwtKeys) -> JwtSettings {
    let (issuer, audience) = ("https://id.example".into(), "postern".into());
    JwtSettings { keys, issuer, audience, claims: ClaimNames::default() }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis((1_771_410_600 + seconds) * 1000).unwrap()
}

/// A token that outlasts every test.
fn signed_with(secret: &str) -> String {
    let ttl_seconds = 10 * STALE_SECONDS;
    let token = Mint {
        sub: "grace",
        org: "acme",
        roles: &[],
        email: None,
        name: None,
        email_verified: false,
        ttl_seconds,
    };
    mint(&settings(JwtKeys::Secret(secret.into())), &token, at(0)).unwrap()
}

fn environment(current: Option<&'static str>) -> (Arc<Secrets>, Verifier) {
    let secrets = Arc::new(Secrets::default());
    secrets.rotate(current);
    let fetch = Arc::clone(&secrets) as Arc<dyn Fetch>;
    (secrets, Verifier::new(&settings(JwtKeys::Stored(NAME.into())), fetch).unwrap())
}

async fn verdict(verifier: &Verifier, secret: &str, second: i64) -> Result<(), InvalidToken> {
    verifier.verify(&signed_with(secret), at(second)).await.map(drop)
}

#[tokio::test]
async fn a_new_secret_counts_at_its_first_token_and_the_old_one_no_longer() {
    let (secrets, verifier) = environment(Some(OLD));
    verifier.warm_up(at(0)).await;
    assert_eq!(secrets.take_reads(), 1, "a start reads it");
    assert_eq!(verdict(&verifier, OLD, 100).await, Ok(()));
    secrets.rotate(Some(NEW));
    assert_eq!(verdict(&verifier, OLD, 100).await, Ok(()), "nobody has shown that there is a new one");
    assert_eq!(secrets.take_reads(), 0);
    assert_eq!(verdict(&verifier, NEW, 100).await, Ok(()));
    assert_eq!(secrets.take_reads(), 1);
    assert_eq!(verdict(&verifier, OLD, 100).await, Err(InvalidToken::NotOurs));
    assert_eq!(secrets.take_reads(), 0);
}

#[tokio::test]
async fn an_old_secret_stops_after_ten_minutes_even_without_a_new_token() {
    let (secrets, verifier) = environment(Some(OLD));
    verifier.warm_up(at(0)).await;
    secrets.rotate(Some(NEW));
    assert_eq!(verdict(&verifier, OLD, REFRESH_SECONDS - 1).await, Ok(()));
    assert_eq!(verdict(&verifier, OLD, REFRESH_SECONDS).await, Err(InvalidToken::NotOurs));
}

#[tokio::test]
async fn wrong_signatures_cause_one_read_a_minute() {
    let (secrets, verifier) = environment(Some(OLD));
    verifier.warm_up(at(0)).await;
    for second in 0..600 {
        for forged in ["a forged secret, of 32 bytes or more", NEW] {
            assert_eq!(verdict(&verifier, forged, second).await, Err(InvalidToken::NotOurs));
        }
        assert_eq!(verdict(&verifier, OLD, second).await, Ok(()));
    }
    assert_eq!(secrets.take_reads(), 10, "the first of them by the start");
    // A rotation during a flood of bad tokens is noticed within a minute.
    secrets.rotate(Some(NEW));
    assert_eq!(verdict(&verifier, NEW, 599).await, Err(InvalidToken::NotOurs));
    assert_eq!(verdict(&verifier, NEW, 600).await, Ok(()));
}

#[tokio::test]
async fn no_caller_is_admitted_before_the_secret_was_read() {
    // A value that is too short counts as missing.
    for unusable in [None, Some("short")] {
        let (secrets, verifier) = environment(unusable);
        verifier.warm_up(at(0)).await;
        for second in 0..10 {
            for secret in [OLD, "short"] {
                assert_eq!(verdict(&verifier, secret, second).await, Err(InvalidToken::NoKeys));
            }
        }
        assert_eq!(secrets.take_reads(), 2, "every five seconds");
        secrets.rotate(Some(OLD));
        assert_eq!(verdict(&verifier, OLD, 10).await, Ok(()));
    }
}

#[tokio::test]
async fn the_last_secret_serves_for_a_day_during_an_outage() {
    for unusable in [None, Some("short")] {
        let (secrets, verifier) = environment(Some(OLD));
        verifier.warm_up(at(0)).await;
        secrets.rotate(unusable);
        for second in [REFRESH_SECONDS, 3600, STALE_SECONDS - 1] {
            assert_eq!(verdict(&verifier, OLD, second).await, Ok(()));
            assert_eq!(verdict(&verifier, NEW, second).await, Err(InvalidToken::NotOurs));
        }
        assert_eq!(verdict(&verifier, OLD, STALE_SECONDS).await, Err(InvalidToken::NoKeys));
    }
}
