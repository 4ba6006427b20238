//! `/resources` beyond the seeds' examples: creation, reading, and every kind of member of the update.

use model::audit::AuditResult;
use serde_json::{Map, Value, json};
use support::{Client, TestApp, resource_body};

use crate::expect;

async fn admin_with_resource(app: &TestApp) -> (Client, String) {
    let admin = app.admin();
    let id = admin.new_resource(&admin.new_credential("AWS Account").await).await;
    (admin, format!("/resources/{id}"))
}

fn one(member: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(String::from(member), value)]))
}

#[tokio::test]
async fn a_new_resource_is_not_active_and_not_verified() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS Account").await;
    let reply = admin.post("/resources", resource_body(&credential)).await.expect(201);
    let uuid = model::id::CredentialId::parse_any(&credential).unwrap().to_string();
    let expected = json!({
        "id": reply.id(), "name": "Production API Gateway", "credentialId": uuid, "credentialName": "AWS Account",
        "provider": "AWS", "resourceType": "SECURITY_GROUP", "resourceIdentifier": "sg-0abc123def456",
        "region": "eu-central-1", "config": {"port": 443, "protocol": "tcp"}, "isActive": false,
        "lastVerifiedAt": null, "createdAt": "2026-02-18T10:30:00Z", "updatedAt": "2026-02-18T10:30:00Z",
    });
    assert_eq!(reply.text, expected.to_string());
    assert_eq!(admin.get(&format!("/resources/{}", reply.id())).await.expect(200).text, reply.text);
}

#[tokio::test]
async fn a_credential_is_accepted_in_every_spelling() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let base58 = admin.new_credential("AWS Account").await;
    let uuid = model::id::CredentialId::parse_any(&base58).unwrap().to_string();
    let uri = format!("credentials://{base58}");
    for spelling in [&base58, &uuid, &uuid.to_uppercase(), &uri] {
        let reply = admin.post("/resources", resource_body(spelling)).await.expect(201);
        assert_eq!(reply.json["credentialId"], uuid);
        let path = format!("/resources/{}", reply.id());
        let _ = admin.patch(&path, json!({"credentialId": spelling})).await.expect(200);
    }
}

#[tokio::test]
async fn creation_names_everything_that_is_missing() {
    let app = TestApp::new().await;
    let message = "name is required; credentialId is required; provider is required; resourceType is required; \
                   resourceIdentifier is required";
    let reply = app.admin().post("/resources", json!({})).await;
    expect::code(&reply, 400, "VALIDATION_ERROR", message);
}

#[tokio::test]
async fn creation_checks_each_member() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS Account").await;
    let before = app.db_items().await;
    for (member, value, message) in [
        ("region", Value::Null, "region must not be null"),
        ("region", json!("nowhere"), "region must be a region of the provider, such as eu-central-1"),
        ("provider", json!("GCP"), "provider must be one of: AWS"),
        ("resourceType", json!("WAF"), "resourceType must be one of: SECURITY_GROUP"),
        ("resourceIdentifier", json!("sg-9xyz789ghi012"), "Invalid resource identifier format"),
        ("config", json!({"protocol": "carrier pigeon"}), "config.protocol must be tcp, udp, icmp or all"),
        ("credentialId", json!("x"), "credentialId must be a UUID, a Base58 id or a credentials:// URI"),
        ("isActive", json!(true), "Unknown field: isActive"),
    ] {
        let mut body = resource_body(&credential);
        body[member] = value;
        expect::code(&admin.post("/resources", body).await, 400, "VALIDATION_ERROR", message);
    }
    let mut body = resource_body(&credential);
    body.as_object_mut().unwrap().shift_remove("region");
    expect::code(&admin.post("/resources", body).await, 400, "VALIDATION_ERROR", "region is required");
    assert_eq!(app.db_items().await, before);
}

#[tokio::test]
async fn creation_without_a_credential_is_refused() {
    let app = TestApp::new().await;
    let foreign = app.other_admin().new_credential("Theirs").await;
    let foreign = model::id::CredentialId::parse_any(&foreign).unwrap().to_string();
    for id in [&foreign, "550e8400-e29b-41d4-a716-446655440000"] {
        let reply = app.admin().post("/resources", resource_body(id)).await;
        expect::code(&reply, 404, "CREDENTIAL_NOT_FOUND", &format!("Credential with ID {id} not found"));
    }
}

#[tokio::test]
async fn the_list_is_a_bare_array_in_order_of_creation() {
    let app = TestApp::new().await;
    let admin = app.admin();
    assert_eq!(admin.get("/resources").await.expect(200).text, "[]");
    let credential = admin.new_credential("AWS Account").await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        app.advance_seconds(1);
        ids.push(admin.new_resource(&credential).await);
    }
    let list = admin.get("/resources").await.expect(200).json;
    let listed: Vec<_> =
        list.as_array().unwrap().iter().map(|resource| resource["id"].as_str().unwrap()).collect();
    assert_eq!(listed, ids);
    assert_eq!(list[2], admin.get(&format!("/resources/{}", ids[2])).await.json);
}

#[tokio::test]
async fn absent_members_and_no_op_changes_write_nothing() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_resource(&app).await;
    let shown = admin.get(&path).await;
    let before = app.db_items().await;
    app.advance_seconds(60);
    let credential = shown.json["credentialId"].clone();
    for body in [
        json!({}),
        json!({"name": "Production API Gateway"}),
        json!({"region": "eu-central-1", "isActive": false, "config": {"port": 443, "protocol": "tcp"}}),
        json!({"credentialId": credential}),
        shown.json.clone(),
    ] {
        let reply = admin.patch(&path, body).await.expect(200);
        assert_eq!(reply.text, shown.text, "not even updatedAt moves");
    }
    assert_eq!(app.db_items().await, before);
}

#[tokio::test]
async fn config_is_replaced_whole_and_null_clears_it() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_resource(&app).await;
    for (config, stored) in [
        (json!({"ports": [22, 80], "protocol": "tcp"}), json!({"ports": [22, 80], "protocol": "tcp"})),
        (json!({"protocol": "udp"}), json!({"protocol": "udp"})),
        (Value::Null, json!({})),
        (
            json!({"z": {"deep": [1.5, null, "ü"]}, "a": 18_446_744_073_709_551_615_u64}),
            json!({"z": {"deep": [1.5, null, "ü"]}, "a": 18_446_744_073_709_551_615_u64}),
        ),
    ] {
        let reply = admin.patch(&path, json!({"config": config})).await.expect(200);
        assert_eq!(reply.json["config"].to_string(), stored.to_string());
        assert_eq!(admin.get(&path).await.json["config"].to_string(), stored.to_string());
    }
}

#[tokio::test]
async fn null_is_refused_where_it_has_no_meaning() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_resource(&app).await;
    for member in
        ["name", "resourceIdentifier", "credentialId", "region", "isActive", "provider", "resourceType"]
    {
        let reply = admin.patch(&path, one(member, Value::Null)).await;
        expect::code(&reply, 400, "VALIDATION_ERROR", &format!("{member} must not be null"));
    }
}

#[tokio::test]
async fn wrong_types_are_named() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_resource(&app).await;
    let before = app.db_items().await;
    for member in ["name", "resourceIdentifier", "credentialId", "region", "provider", "resourceType"] {
        for value in [json!(5), json!(true), json!([]), json!({})] {
            let reply = admin.patch(&path, one(member, value)).await;
            expect::code(&reply, 400, "VALIDATION_ERROR", &format!("{member} must be a string"));
        }
    }
    for value in [json!("true"), json!(1), json!([])] {
        let reply = admin.patch(&path, one("isActive", value)).await;
        expect::code(&reply, 400, "VALIDATION_ERROR", "isActive must be true or false");
    }
    for value in [json!("x"), json!(1), json!([])] {
        let reply = admin.patch(&path, one("config", value)).await;
        expect::code(&reply, 400, "VALIDATION_ERROR", "config must be an object");
    }
    assert_eq!(app.db_items().await, before);
}

#[tokio::test]
async fn limits_hold_at_their_edges() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_resource(&app).await;
    for name in ["x".to_owned(), "é".repeat(255), "😀".repeat(255)] {
        let _ = admin.patch(&path, json!({"name": name})).await.expect(200);
    }
    for (name, message) in [
        (String::new(), "name must not be blank"),
        ("  \u{a0}".into(), "name must not be blank"),
        ("x".repeat(256), "name must have at most 255 characters"),
        ("😀".repeat(256), "name must have at most 255 characters"),
        ("a\nb".into(), "name must be one line without control characters or changes of direction"),
        ("a\0b".into(), "name must be one line without control characters or changes of direction"),
    ] {
        expect::code(&admin.patch(&path, json!({"name": name})).await, 400, "VALIDATION_ERROR", message);
    }
    for digits in [8, 17] {
        let body = json!({"resourceIdentifier": format!("sg-{}", "0".repeat(digits))});
        let _ = admin.patch(&path, body).await.expect(200);
    }
    for digits in [7, 18] {
        let body = json!({"resourceIdentifier": format!("sg-{}", "0".repeat(digits))});
        let reply = admin.patch(&path, body).await;
        expect::code(&reply, 400, "VALIDATION_ERROR", "Invalid resource identifier format");
    }
    // {"pad":"…"} has 10 bytes around the padding.
    let config = |bytes: usize| json!({"config": {"pad": "x".repeat(bytes - 10)}});
    let _ = admin.patch(&path, config(16 * 1024)).await.expect(200);
    let reply = admin.patch(&path, config(16 * 1024 + 1)).await;
    expect::code(&reply, 400, "VALIDATION_ERROR", "config must have at most 16384 bytes");
}

#[tokio::test]
async fn unknown_members_are_named_and_read_only_ones_are_not() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_resource(&app).await;
    let reply = admin.patch(&path, json!({"name": "n", "colour": 1, "Name": "n"})).await;
    expect::code(&reply, 400, "VALIDATION_ERROR", "Unknown field: colour; Unknown field: Name");
    assert_eq!(
        admin.get(&path).await.json["name"],
        "Production API Gateway",
        "a refused patch changes nothing"
    );
    let read_only =
        json!({"id": "x", "credentialName": 5, "lastVerifiedAt": [], "createdAt": null, "updatedAt": {}});
    let _ = admin.patch(&path, read_only).await.expect(200);
}

#[tokio::test]
async fn every_fault_is_reported_at_once() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_resource(&app).await;
    let reply =
        admin.patch(&path, json!({"region": 5, "name": "", "resourceIdentifier": "sg-x", "y": 1})).await;
    let message = "name must not be blank; region must be a string; Invalid resource identifier format; \
                   Unknown field: y";
    expect::code(&reply, 400, "VALIDATION_ERROR", message);
}

#[tokio::test]
async fn a_body_is_checked_before_existence_and_state_after_it() {
    let app = TestApp::new().await;
    let (admin, _) = admin_with_resource(&app).await;
    let missing = "/resources/550e8400-e29b-41d4-a716-446655440000";
    let reply = admin.patch(missing, json!({"resourceIdentifier": "sg-x"})).await;
    expect::code(&reply, 400, "VALIDATION_ERROR", "Invalid resource identifier format");
    assert_eq!(admin.patch(missing, json!({"provider": "GCP"})).await.status.as_u16(), 404);
}

#[tokio::test]
async fn an_update_is_recorded_with_both_sides_of_each_change() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_resource(&app).await;
    let body = json!({"name": "New", "config": {"port": 22}, "region": "eu-central-1"});
    let _ = admin.patch(&path, body).await.expect(200);
    let row = app.db_audit().await.pop().unwrap();
    assert_eq!(row.event_type, model::audit::AuditEvent::ResourceUpdate);
    assert_eq!(row.actor_id.as_str(), support::ADMIN);
    assert_eq!(row.actor_email.as_deref(), Some("7c9e@acme.example"));
    assert_eq!(row.ip_address.as_deref(), Some("203.0.113.7"));
    assert_eq!((row.result, row.resource_name.as_deref()), (AuditResult::Success, Some("New")));
    let changes = json!({"changes": {
        "name": {"from": "Production API Gateway", "to": "New"},
        "config": {"from": {"port": 443, "protocol": "tcp"}, "to": {"port": 22}},
    }});
    assert_eq!(Value::Object(row.details().unwrap()), changes);
}

#[tokio::test]
async fn impossible_ids_are_400_and_unknown_ones_404() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for id in [
        "x",
        "8d0f7780-8536-51f0-c958-f18ed2g01bf8",
        "550e8400e29b41d4a716446655440000",
        "%20",
        "%2e%2e",
        "%00",
    ] {
        for reply in [
            admin.get(&format!("/resources/{id}")).await,
            admin.delete(&format!("/resources/{id}")).await,
            admin.patch(&format!("/resources/{id}"), json!({})).await,
        ] {
            expect::code(&reply, 400, "VALIDATION_ERROR", "id must be a UUID");
        }
    }
    let unknown = "550e8400-e29b-41d4-a716-446655440000";
    let message = format!("Resource with ID {unknown} not found");
    expect::code(&admin.get(&format!("/resources/{unknown}")).await, 404, "RESOURCE_NOT_FOUND", &message);
}
