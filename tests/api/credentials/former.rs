//! Former values of a credential: they are kept for the removal of rules, and never shown.

use model::credential::{CredentialType, FORMER_VALUES_MAX};
use model::id::CredentialId;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::{Client, ORG, Reply, TestApp, org};

use crate::expect;

fn key(number: usize) -> Value {
    json!({"accessKeyId": format!("AKIA{number}"), "secretAccessKey": format!("PLANTED-{number}")})
}

/// A credential for a provider.
struct Typed {
    app: TestApp,
    admin: Client,
    path: String,
    id: CredentialId,
}

impl Typed {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin();
        let body = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": key(0)});
        let id = admin.post("/credentials/", body).await.expect(201).id();
        let path = format!("/credentials/{id}/");
        Self { app, admin, path, id: CredentialId::parse_any(&id).unwrap() }
    }

    async fn patch(&self, body: Value) -> Reply {
        self.admin.patch(&self.path, body).await
    }

    /// The former values, opened, the newest first.
    async fn former(&self) -> Vec<(CredentialType, Value)> {
        let mut opened = Vec::new();
        for former in self.app.db.former_values(&org(ORG), self.id).await.unwrap() {
            let value = self.app.vault.open(&org(ORG), self.id, &former.sealed).await.unwrap();
            opened.push((former.credential_type, serde_json::from_str(value.expose()).unwrap()));
        }
        opened
    }

    async fn sweeps(&self, count: usize) {
        for _ in 0..count {
            self.app.advance_seconds(60);
            assert_eq!(self.app.sweep().await["failed"], 0);
        }
    }

    async fn items(&self, entity: &str) -> usize {
        self.app.db_table().await.values().filter(|item| item["entity"] == entity).count()
    }
}

#[tokio::test]
async fn a_replaced_cleared_or_retyped_value_is_kept_and_still_opens() {
    let typed = Typed::new().await;
    let access = CredentialType::AccessKey;
    let _ = typed.patch(json!({"value": key(1)})).await.expect(200);
    assert_eq!(typed.former().await, [(access, key(0))]);
    let role = json!({"roleArn": "arn:aws:iam::123456789012:role/postern"});
    let _ = typed.patch(json!({"credential_type": "ASSUME_ROLE", "value": role})).await.expect(200);
    assert_eq!(typed.former().await, [(access, key(1)), (access, key(0))]);
    let shown = json!({"roleArn": "arn:aws:iam::123456789012:role/shown"});
    let _ = typed.patch(json!({"is_sensitive": false, "value": shown})).await.expect(200);
    let _ = typed.patch(json!({"value": null})).await.expect(200);
    let assume = CredentialType::AssumeRole;
    let expected = [(assume, shown), (assume, role), (access, key(1)), (access, key(0))];
    assert_eq!(typed.former().await, expected);
    let record = typed.app.db.credential(&org(ORG), typed.id).await.unwrap().unwrap();
    assert_eq!((record.former.len(), record.sealed, record.references.len()), (4, None, 0));
    typed.sweeps(2).await;
    assert_eq!(typed.former().await, [], "no rule was made with it");
    assert_eq!(typed.items("VALUE_CHANGE").await, 0);
}

/// Neither updates that change nothing at a provider nor plain secrets, which no provider sees, keep a former value.
#[tokio::test]
async fn other_updates_keep_no_former_value() {
    let typed = Typed::new().await;
    for body in [json!({"name": "Renamed"}), json!({"value": null}), json!({"credential_type": "ACCESS_KEY"})]
    {
        let _ = typed.patch(body).await.expect(200);
    }
    let plain = typed.admin.new_credential("Plain").await;
    let body = json!({"name": "Plain", "value": "shown", "is_sensitive": false});
    let _ = typed.admin.put(&format!("/credentials/{plain}/"), body).await.expect(200);
    let _ = typed.admin.patch(&format!("/credentials/{plain}/"), json!({"value": null})).await.expect(200);
    assert_eq!((typed.items("FORMER_VALUE").await, typed.items("VALUE_CHANGE").await), (0, 0));
    // A plain secret that gets a type has no former value, but rules may wait for it.
    let body = json!({"value": key(1), "credential_type": "ACCESS_KEY", "is_sensitive": true});
    let _ = typed.admin.patch(&format!("/credentials/{plain}/"), body).await.expect(200);
    assert_eq!((typed.items("FORMER_VALUE").await, typed.items("VALUE_CHANGE").await), (0, 1));
    typed.sweeps(2).await;
    assert_eq!(typed.items("VALUE_CHANGE").await, 0);
}

#[tokio::test]
async fn no_answer_list_audit_row_or_item_shows_a_former_value() {
    let typed = Typed::new().await;
    let (mut texts, fresh) = (Vec::new(), typed.admin.get(&typed.path).await.expect(200));
    for number in 1..=3 {
        texts.push(typed.patch(json!({"value": key(number)})).await.expect(200).text);
    }
    let shown = typed.admin.get(&typed.path).await.expect(200);
    let same = |reply: &Reply| {
        let mut body = reply.json.clone();
        body["updated_at"] = Value::Null;
        body
    };
    assert_eq!(same(&shown), same(&fresh));
    texts.push(shown.text.clone());
    for path in ["/credentials/", "/credentials/?search=AKIA", "/audit-logs", "/rules", "/resources"] {
        texts.push(typed.admin.get(path).await.expect(200).text);
    }
    let former = typed.app.db_table().await;
    let former: Vec<String> = former
        .values()
        .filter(|item| item["entity"] == "FORMER_VALUE")
        .map(|item| item["secret"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(former.len(), 3);
    for text in &texts {
        assert!(!text.contains("PLANTED") && !text.contains("AKIA"), "{text}");
        assert!(!former.iter().any(|sealed| text.contains(sealed)), "{text}");
    }
    let items: BTreeMap<_, _> = typed.app.db_items().await;
    assert!(items.values().all(|item| !item.contains("PLANTED") && !item.contains("AKIA")));
    // A readable credential shows only its present value.
    let now = json!({"accessKeyId": "now", "secretAccessKey": "now"});
    let readable = typed.patch(json!({"is_sensitive": false, "value": now})).await.expect(200);
    assert_eq!(readable.json["value"], now);
    let tag = typed.admin.get(&typed.path).await.header("etag").unwrap().to_owned();
    typed.sweeps(2).await;
    assert_eq!(typed.former().await, []);
    assert_eq!(typed.admin.get(&typed.path).await.header("etag"), Some(tag.as_str()), "it is the same state");
}

#[tokio::test]
async fn eight_former_values_are_kept_and_a_ninth_is_refused() {
    let typed = Typed::new().await;
    for number in 1..=FORMER_VALUES_MAX {
        let _ = typed.patch(json!({"value": key(number)})).await.expect(200);
    }
    assert_eq!((FORMER_VALUES_MAX, typed.former().await.len()), (8, 8));
    let before = typed.app.db_items().await;
    let sentence = "This credential has 8 former values, which stay until no rule needs them. Try again in some minutes.";
    for body in [
        json!({"value": key(9)}),
        json!({"name": "Renamed", "value": key(9)}),
        json!({"credential_type": null}),
    ] {
        expect::body(&typed.patch(body).await, 400, json!({"non_field_errors": [sentence]}));
    }
    let whole = json!({"name": "AWS", "value": key(9)});
    expect::body(&typed.admin.put(&typed.path, whole).await, 400, json!({"non_field_errors": [sentence]}));
    assert_eq!(typed.app.db_items().await, before);
    let _ = typed.patch(json!({"name": "Renamed"})).await.expect(200);
    typed.sweeps(2).await;
    let _ = typed.patch(json!({"value": key(9)})).await.expect(200);
    assert_eq!(typed.former().await, [(CredentialType::AccessKey, key(8))]);
}

#[tokio::test]
async fn the_value_of_a_deleted_credential_goes_a_little_later() {
    let typed = Typed::new().await;
    let _ = typed.patch(json!({"value": key(1)})).await.expect(200);
    let _ = typed.admin.delete(&typed.path).await.expect(204);
    let _ = typed.admin.get(&typed.path).await.expect(404);
    assert_eq!(typed.admin.get("/credentials/").await.expect(200).json["count"], 0);
    let access = CredentialType::AccessKey;
    assert_eq!(typed.former().await, [(access, key(1)), (access, key(0))]);
    typed.sweeps(2).await;
    let objects = typed.app.db_objects().await;
    let left: Vec<_> = objects.keys().filter(|(pk, _)| pk.contains(&typed.id.to_string())).collect();
    assert_eq!(left, Vec::<&(String, String)>::new());
}
