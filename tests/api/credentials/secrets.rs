//! Secrets: when they are shown, kept and replaced, and where they never appear.

use model::audit::AuditEvent;
use serde_json::{Value, json};
use support::{Client, ORG, TestApp, org};

use super::{ALL, Encoding, admin_with_credential, put, put_raw};
use crate::expect;

/// The stored secret, opened without HTTP.
async fn stored(app: &TestApp, path: &str) -> Option<String> {
    let id = model::id::CredentialId::parse_any(path.trim_matches('/').rsplit('/').next().unwrap()).unwrap();
    let record = app.db.credential(&org(ORG), id).await.unwrap().unwrap();
    let sealed = record.sealed?;
    Some(app.vault.open(&org(ORG), id, &sealed).await.unwrap().expose().to_owned())
}

#[tokio::test]
async fn sending_back_a_shown_credential_keeps_the_secret() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let shown = admin.get(&path).await.expect(200).json;
    assert_eq!(shown["value"], Value::Null);
    let reply = admin.put(&path, shown).await.expect(200);
    assert_eq!(reply.json["value"], Value::Null);
    assert_eq!(stored(&app, &path).await.as_deref(), Some("\"PLANTED-hunter2\""));
    for encoding in [Encoding::Form, Encoding::Multipart] {
        let _ = put(&admin, &path, encoding, &[("name", "n"), ("value", "")]).await.expect(200);
        assert_eq!(stored(&app, &path).await.as_deref(), Some("\"PLANTED-hunter2\""), "{encoding:?}");
    }
}

#[tokio::test]
async fn the_sensitivity_table() {
    let app = TestApp::new().await;
    let admin = app.admin();
    // stored sensitive, sent sensitive, sent value → status, shown value, stored value
    let keep = "\"old\"";
    for (was, sent, value, status, shown, kept) in [
        (false, true, json!("new"), 200, Value::Null, Some("\"new\"")),
        (false, true, Value::Null, 200, Value::Null, Some(keep)),
        (true, true, json!("new"), 200, Value::Null, Some("\"new\"")),
        (true, true, Value::Null, 200, Value::Null, Some(keep)),
        (true, false, json!("new"), 200, json!("new"), Some("\"new\"")),
        (true, false, Value::Null, 400, Value::Null, Some(keep)),
        (false, false, json!("new"), 200, json!("new"), Some("\"new\"")),
        (false, false, Value::Null, 200, Value::Null, None),
    ] {
        let body = json!({"name": "n", "value": "old", "is_sensitive": was});
        let id = admin.post("/credentials/", body).await.expect(201).id();
        let path = format!("/credentials/{id}/");
        let case = format!("{was} → {sent} with {value}");
        let reply = admin.put(&path, json!({"name": "n", "value": value, "is_sensitive": sent})).await;
        assert_eq!(reply.status.as_u16(), status, "{case}");
        if status == 200 {
            assert_eq!((&reply.json["value"], &reply.json["is_sensitive"]), (&shown, &json!(sent)), "{case}");
            assert_eq!(admin.get(&path).await.json["value"], shown, "{case}");
        }
        assert_eq!(stored(&app, &path).await.as_deref(), kept, "{case}");
    }
}

#[tokio::test]
async fn a_value_is_any_json_byte_for_byte() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    for json in [
        "\" lead, trail \\n\"",
        "{\"b\":1.10,\"a\":[null,true,12345678901234567890123]}",
        "0",
        "false",
        "[]",
        "\"😀\"",
    ] {
        let body = format!("{{\"name\":\"n\",\"is_sensitive\":false,\"value\":{json}}}");
        let reply = put_raw(&admin, &path, &body).await.expect(200);
        assert!(reply.text.contains(&format!("\"value\":{json},")), "{}", reply.text);
        assert_eq!(admin.get(&path).await.text, reply.text);
    }
    let pem = "-----BEGIN KEY-----\r\nabc=\r\n-----END KEY-----\n";
    for encoding in ALL {
        let fields = [("name", "n"), ("is_sensitive", "false"), ("value", pem)];
        assert_eq!(
            put(&admin, &path, encoding, &fields).await.expect(200).json["value"],
            pem,
            "{encoding:?}"
        );
    }
    let most = "x".repeat(65_536);
    let reply = admin.put(&path, json!({"name": "n", "value": most})).await.expect(200);
    assert_eq!(reply.json["value"], json!(most));
}

#[tokio::test]
async fn the_secret_appears_in_no_response_audit_row_or_item() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let secret = "PLANTED-5ecret-9d2f";
    let mut texts = Vec::new();
    let reply = admin.post("/credentials/", json!({"name": "n", "value": secret})).await.expect(201);
    let path = format!("/credentials/{}/", reply.id());
    texts.push(reply.text);
    texts.push(admin.put(&path, json!({"name": "m", "value": {"key": secret}})).await.expect(200).text);
    texts.push(admin.put(&path, json!({"name": "", "value": secret})).await.expect(400).text);
    let long = format!("{secret}{}", "x".repeat(65_536));
    texts.push(admin.put(&path, json!({"name": "n", "value": long})).await.expect(400).text);
    texts.push(put_raw(&admin, &path, &format!("{{\"value\":\"{secret}\"")).await.expect(400).text);
    texts.push(admin.get(&path).await.text);
    texts.push(admin.get("/credentials/").await.text);
    texts.push(admin.get(&format!("/credentials/?search={secret}")).await.text);
    texts.push(format!("{:?}", app.db_audit().await));
    texts.push(format!("{:?}", app.db_items().await));
    for text in texts {
        assert!(!text.contains("PLANTED"), "{text}");
    }
}

async fn events(app: &TestApp, admin: &Client, path: &str, body: Value) -> Vec<Value> {
    let before = app.db_audit().await.len();
    let _ = admin.put(path, body).await.expect(200);
    let rows = app.db_audit().await;
    let new = rows.iter().skip(before);
    new.map(|row| {
        assert_eq!(row.event_type, AuditEvent::CredentialUpdate);
        Value::Object(row.details().unwrap())
    })
    .collect()
}

#[tokio::test]
async fn changed_fields_are_recorded_and_the_value_masked() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let masked = json!({"from": "********", "to": "********"});
    let recorded =
        events(&app, &admin, &path, json!({"name": "New", "value": "other", "is_sensitive": false})).await;
    assert_eq!(
        recorded,
        [json!({"changes": {
            "name": {"from": "AWS Account", "to": "New"}, "is_sensitive": {"from": true, "to": false}, "value": masked,
        }})]
    );
    let recorded = events(&app, &admin, &path, json!({"name": "New", "value": "same again"})).await;
    assert_eq!(recorded, [json!({"changes": {"value": masked}})]);
    let recorded = events(&app, &admin, &path, json!({"name": "New", "value": null})).await;
    assert_eq!(recorded, [json!({"changes": {"value": masked}})], "a value that is cleared");
    let before = app.db_items().await;
    app.advance_seconds(60);
    let recorded =
        events(&app, &admin, &path, json!({"name": " New ", "value": null, "description": ""})).await;
    assert_eq!(recorded, Vec::<Value>::new(), "what changes nothing writes nothing");
    assert_eq!(app.db_items().await, before);
}

#[tokio::test]
async fn references_follow_the_resources_and_a_rename_shows_in_them() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let id = path.trim_matches('/').rsplit('/').next().unwrap();
    let first = admin.new_resource(id).await;
    let second = admin.new_resource(id).await;
    let _ = admin.patch(&format!("/resources/{first}"), json!({"name": "Zebra"})).await.expect(200);
    let names = |reply: &support::Reply| -> Vec<Value> {
        let list = reply.json["references"].as_array().unwrap();
        list.iter().map(|reference| reference["root_object_display_name"].clone()).collect()
    };
    let shown = admin.get(&path).await;
    assert_eq!(shown.json["usage_count"], 2);
    assert_eq!(names(&shown), [json!("Production API Gateway"), json!("Zebra")]);
    let unmoved = admin.get(&format!("/resources/{second}")).await.json["updatedAt"].clone();
    app.advance_seconds(60);
    let reply = admin.put(&path, json!({"name": "Renamed", "value": null})).await.expect(200);
    assert_eq!(names(&reply), names(&shown));
    for resource in [&first, &second] {
        let shown = admin.get(&format!("/resources/{resource}")).await.json;
        assert_eq!((&shown["credentialName"], &shown["updatedAt"]), (&json!("Renamed"), &unmoved));
    }
    let _ = admin.delete(&format!("/resources/{first}")).await.expect(204);
    assert_eq!(admin.get(&path).await.json["usage_count"], 1);
}

#[tokio::test]
async fn a_rename_reaches_more_resources_than_a_transaction_holds() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let id = path.trim_matches('/').rsplit('/').next().unwrap();
    for _ in 0..120 {
        let _ = admin.new_resource(id).await;
    }
    let _ = admin.put(&path, json!({"name": "Renamed", "value": null})).await.expect(200);
    let list = admin.get("/resources").await.json;
    assert_eq!(list.as_array().unwrap().len(), 120);
    assert!(list.as_array().unwrap().iter().all(|resource| resource["credentialName"] == "Renamed"));
}

#[tokio::test]
async fn the_provider_of_a_credential_does_not_change() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let _ = admin.put(&path, json!({"name": "n", "value": null, "provider": "AWS"})).await.expect(200);
    let reply = admin.put(&path, json!({"name": "n", "value": null, "provider": null})).await;
    expect::body(&reply, 400, json!({"provider": ["This field may not be null."]}));
}
