//! Secrets at rest: they open in their own place only, and the table holds none of them in any form.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use model::credential::input::{Given, GivenFields};
use model::credential::{CredentialDraft, CredentialUpdate};
use model::id::{CredentialId, OrgId};
use model::secret::SecretJson;
use serde_json::{Value, json};
use store::{Sealed, StoreError, keys};
use support::{ORG, OTHER_ORG, TestApp, actor, org};

use crate::fixture::{credential_id, put_raw, raw};

fn is_defect<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Defect(_)))
}

async fn seal(app: &TestApp, org: &OrgId, id: CredentialId, json: &str) -> Sealed {
    app.vault.seal(org, id, &SecretJson::new(json.into())).await.unwrap()
}

#[tokio::test]
async fn a_sealed_value_opens_unchanged() {
    let app = TestApp::new().await;
    let id = CredentialId::generate(app.now());
    let long = format!("\"{}\"", "é".repeat(32 * 1024));
    for value in ["\"hunter2\"", "\"\"", "0", "{\"a\": [1.50, null]}", "\"\\u0000\"", &long] {
        let sealed = seal(&app, &org(ORG), id, value).await;
        assert_eq!(app.vault.open(&org(ORG), id, &sealed).await.unwrap().expose(), value);
    }
    let (a, b) = (seal(&app, &org(ORG), id, "\"x\"").await, seal(&app, &org(ORG), id, "\"x\"").await);
    assert_ne!(a, b, "the same value twice must not look the same");
}

#[tokio::test]
async fn a_sealed_value_opens_only_for_its_credential() {
    let app = TestApp::new().await;
    let (id, other) = (CredentialId::generate(app.now()), CredentialId::generate(app.now()));
    let sealed = seal(&app, &org(ORG), id, "\"hunter2\"").await;
    for (org, id) in [(org(OTHER_ORG), id), (org(ORG), other), (org(OTHER_ORG), other)] {
        assert!(is_defect(&app.vault.open(&org, id, &sealed).await));
    }
    let elsewhere = TestApp::new().await;
    assert!(is_defect(&elsewhere.vault.open(&org(ORG), id, &sealed).await), "another key does not open it");
}

/// The sealed bytes of a credential in the table, replaced by others.
async fn replace_secret(app: &TestApp, id: CredentialId, secret: Vec<u8>) {
    let mut item = raw(app, &keys::credential(&org(ORG), id)).await;
    item.insert("secret".into(), AttributeValue::B(Blob::new(secret)));
    put_raw(app, vec![item]).await;
}

async fn secret(app: &TestApp, id: CredentialId) -> Vec<u8> {
    raw(app, &keys::credential(&org(ORG), id)).await["secret"].as_b().unwrap().as_ref().to_vec()
}

async fn opened(app: &TestApp, id: CredentialId) -> Result<SecretJson, StoreError> {
    let record = app.db.credential(&org(ORG), id).await.unwrap().unwrap();
    app.vault.open(&org(ORG), id, &record.sealed.unwrap()).await
}

#[tokio::test]
async fn no_byte_can_be_altered() {
    let app = TestApp::new().await;
    let id = credential_id(&app.admin().new_credential("AWS").await);
    let good = secret(&app, id).await;
    for place in 0..good.len() {
        let mut bad = good.clone();
        bad[place] ^= 1 << (place % 8);
        replace_secret(&app, id, bad).await;
        assert!(is_defect(&opened(&app, id).await), "byte {place}");
    }
    for bad in [Vec::new(), good[..good.len() - 1].to_vec(), good[..3].to_vec(), [&good[..], &[0]].concat()] {
        replace_secret(&app, id, bad).await;
        assert!(is_defect(&opened(&app, id).await));
    }
    replace_secret(&app, id, good).await;
    assert_eq!(opened(&app, id).await.unwrap().expose(), "\"PLANTED-hunter2\"");
}

#[tokio::test]
async fn a_secret_that_was_moved_to_another_credential_is_not_shown() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let hidden = credential_id(&admin.new_credential("Hidden").await);
    let body = json!({"name": "Readable", "value": "public", "is_sensitive": false});
    let readable = admin.post("/credentials/", body).await.expect(201).id();
    let path = format!("/credentials/{readable}/");
    assert_eq!(admin.get(&path).await.expect(200).json["value"], "public");
    replace_secret(&app, credential_id(&readable), secret(&app, hidden).await).await;
    assert_eq!(admin.get(&path).await.expect(500).json.as_object().unwrap().len(), 1);
}

/// Base64 of some bytes as it reads wherever they begin in a longer text: the three alignments, without the
/// characters at the ends that depend on the neighbours.
fn base64(secret: &str) -> Vec<String> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let alignment = |skip: usize| {
        let bytes = &secret.as_bytes()[skip..];
        let whole = bytes
            .chunks_exact(3)
            .map(|three| three.iter().fold(0_usize, |n, byte| (n << 8) | usize::from(*byte)));
        whole.flat_map(|n| [18, 12, 6, 0].map(|shift| char::from(DIGITS[(n >> shift) & 63]))).collect()
    };
    (0..3).map(alignment).collect()
}

/// The secret in every spelling in which it could stand somewhere.
fn spellings(secret: &str) -> Vec<String> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut spellings = vec![secret.into(), hex.to_uppercase(), hex];
    spellings.extend(base64(secret));
    spellings.push(secret.chars().rev().collect());
    spellings
}

fn assert_absent(place: &str, text: &str, secrets: &[&str]) {
    for spelling in secrets.iter().flat_map(|secret| spellings(secret)) {
        assert!(!text.contains(&spelling), "{place} has {spelling}");
    }
}

#[test]
fn the_spellings_would_be_found() {
    assert_eq!(base64("hunter2-xyz")[0], "aHVudGVyMi14");
    assert!("eGh1bnRlcjIteHl6".contains(&base64("hunter2-xyz")[2]));
    assert!(spellings("hunter2").contains(&"68756e74657232".into()));
}

#[tokio::test]
async fn neither_the_table_nor_a_request_contains_the_secret() {
    const SECRETS: [&str; 4] =
        ["first-SECRET-51f0a7", "second-SECRET-9b2c4d", "third-SECRET-77e1aa", "fourth-SECRET-0d3f5e"];
    let app = TestApp::new().await;
    let admin = app.admin();
    for sensitive in [true, false] {
        let body = |value: Value| json!({"name": "AWS", "value": value, "is_sensitive": sensitive});
        let created = admin.post("/credentials/", body(SECRETS[0].into())).await.expect(201);
        let path = format!("/credentials/{}/", created.id());
        let _ = admin.put(&path, body(SECRETS[1].into())).await.expect(200);
        let updated =
            admin.put(&path, body(json!({"key": SECRETS[2], "list": [SECRETS[3]]}))).await.expect(200);
        let shown = admin.get(&path).await.expect(200);
        let listed = admin.get("/credentials/").await.expect(200);
        for reply in [created, updated, shown] {
            assert_eq!(SECRETS.iter().any(|secret| reply.text.contains(secret)), !sensitive);
        }
        if sensitive {
            assert_absent("the list", &listed.text, &SECRETS);
        }
        let table: String = app.db_table().await.iter().map(|(at, item)| format!("{at:?}{item}\n")).collect();
        assert_absent("the table", &table, &SECRETS);
    }
    for (target, body) in app.proxy.take_bodies() {
        assert_absent(&target, &body.to_string(), &SECRETS);
    }
}

#[tokio::test]
async fn debug_output_has_no_secret() {
    const SECRET: &str = "printed-SECRET-51f0a7";
    let app = TestApp::new().await;
    let id = CredentialId::generate(app.now());
    let sealed = seal(&app, &org(ORG), id, &format!("\"{SECRET}\"")).await;
    let opened = app.vault.open(&org(ORG), id, &sealed).await.unwrap();
    let mut fields = GivenFields::default();
    fields.set("name".into(), Given::Text("AWS".into()));
    fields.set("value".into(), Given::Text(SECRET.into()));
    let (draft, put) =
        (CredentialDraft::read(&fields).unwrap(), CredentialUpdate::read_whole(&fields).unwrap());
    let record = app.db.create_credential(&app.vault, &actor(ORG), &draft, app.now()).await.unwrap();
    let change = put.apply(&record.credential, &org(ORG), app.now()).unwrap();
    let failed = app.vault.open(&org(OTHER_ORG), id, &sealed).await;
    for printed in [
        format!("{sealed:?} {:?}", app.vault),
        format!("{opened:?}"),
        format!("{draft:?} {put:?}"),
        format!("{record:?} {change:?}"),
        format!("{failed:?}"),
    ] {
        assert_absent("a print", &printed, &[SECRET]);
        let decimal: Vec<String> = SECRET.bytes().map(|byte| byte.to_string()).collect();
        assert!(!printed.contains(&decimal.join(", ")), "{printed}");
    }
}
