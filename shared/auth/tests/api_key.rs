//! The text of API keys.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use auth::{IssuedKey, KeyHash, PresentedKey};
use model::id::{ApiKeyId, OrgId};
use model::time::Timestamp;
use secrecy::ExposeSecret;

fn issued(org: &str) -> (ApiKeyId, IssuedKey) {
    let id = ApiKeyId::generate(Timestamp::from_unix_millis(1_771_410_600_000).unwrap());
    (id, IssuedKey::generate(&OrgId::parse(org).unwrap(), id).unwrap())
}

#[test]
fn an_issued_key_is_read_back() {
    for org in ["acme", "a.b", &"x".repeat(64)] {
        let (id, key) = issued(org);
        let shown = PresentedKey::parse(key.text.expose_secret()).unwrap();
        assert_eq!((shown.org.as_str(), shown.id), (org, id));
        assert!(shown.hash.matches(&key.hash));
        assert!(KeyHash::from_bytes(key.hash.as_bytes()).unwrap().matches(&key.hash));
    }
}

#[test]
fn two_keys_differ_and_debug_shows_neither() {
    let ((_, one), (_, other)) = (issued("acme"), issued("acme"));
    assert!(!one.hash.matches(&other.hash));
    assert_ne!(one.text.expose_secret(), other.text.expose_secret());
    let (shown, secret) = (format!("{one:?}"), &one.text.expose_secret()[26..]);
    assert!(!shown.contains(secret) && shown.contains("KeyHash"), "{shown}");
}

#[test]
fn every_altered_character_makes_another_key_or_none() {
    let (_, key) = issued("acme");
    let text = key.text.expose_secret();
    for place in 0..text.len() {
        let mut altered = text.to_owned().into_bytes();
        altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        assert!(PresentedKey::parse(&altered).is_none_or(|other| !other.hash.matches(&key.hash)), "{place}");
    }
}

#[test]
fn a_malformed_key_is_refused() {
    let (_, key) = issued("acme");
    let text = key.text.expose_secret();
    let long = format!("{text}{}", "x".repeat(100));
    let bad = [
        "",
        "pst_",
        ".",
        "é",
        "pst_é",
        &text[1..],
        &text[..69],
        &text[..70],
        &long,
        &text.replace("acme", "a#b"),
    ];
    for bad in bad {
        assert_eq!(PresentedKey::parse(bad), None, "{bad}");
    }
    for end in 0..text.len() {
        assert_eq!(
            PresentedKey::parse(&text[..end]).map(|key| key.org.to_string().len() < 4),
            (end > 70).then_some(true)
        );
    }
    assert_eq!(KeyHash::from_bytes(&[0; 31]), None);
}
