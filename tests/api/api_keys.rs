//! `/api-keys`, and what a key opens.

use serde_json::{Value, json};
use support::{Client, TestApp};

use crate::expect;

fn with_key(app: &TestApp, text: &str) -> Client {
    app.caller(&[("x-api-key", text)])
}

#[tokio::test]
async fn the_text_of_a_key_is_shown_once_and_kept_nowhere() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let body = json!({"name": "CI", "scopes": ["audit:read", "resources:read"], "expiresAt": "2026-03-01T00:00:00Z"});
    let reply = admin.post("/api-keys", body).await.expect(201);
    let (text, prefix) =
        (reply.json["plainTextKey"].as_str().unwrap(), reply.json["keyPrefix"].as_str().unwrap());
    let expected = json!({
        "id": reply.id(), "name": "CI", "description": null, "keyPrefix": prefix, "plainTextKey": text,
        "scopes": ["resources:read", "audit:read"], "expiresAt": "2026-03-01T00:00:00Z", "createdAt": expect::NOW,
    });
    assert_eq!(reply.text, expected.to_string());
    assert!(text.starts_with(prefix) && prefix.starts_with("pst_") && prefix.len() == 26);
    let secret = &text[26..69];
    let listed = admin.get("/api-keys").await.expect(200);
    let expected = json!([{
        "id": reply.id(), "name": "CI", "description": null, "keyPrefix": prefix,
        "scopes": ["resources:read", "audit:read"], "isRevoked": false, "revokedAt": null,
        "expiresAt": "2026-03-01T00:00:00Z", "lastUsedAt": null, "lastUsedIp": null,
        "createdByEmail": "7c9e@acme.example", "createdAt": expect::NOW,
    }]);
    assert_eq!(listed.text, expected.to_string());
    assert!(app.db_items().await.values().all(|item| !item.contains(secret)));
}

#[tokio::test]
async fn a_key_opens_what_its_scopes_say_by_either_header() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let resource = admin.new_resource(&admin.new_credential("AWS").await).await;
    let resource = format!("/resources/{resource}");
    for (scope, opened) in [
        ("sessions:read", [false, false, false]),
        ("sessions:write", [false, false, false]),
        ("resources:read", [true, true, false]),
        ("audit:read", [false, false, true]),
    ] {
        let text = admin.new_api_key(&[scope]).await;
        for caller in [with_key(&app, &text), app.caller(&[("authorization", &format!("ApiKey {text}"))])] {
            for (path, is_open) in ["/resources", &resource, "/audit-logs"].into_iter().zip(opened) {
                assert_eq!(caller.get(path).await.status == 200, is_open, "{scope} {path}");
            }
        }
    }
    let key = with_key(&app, &admin.new_api_key(&["audit:read"]).await);
    let message = "Requires an API key with the scope resources:read";
    expect::code(&key.get("/resources").await, 403, "FORBIDDEN", message);
    let reply = key.post("/roles", json!({"name": "Mine"})).await;
    expect::reason(&reply, 403, "Forbidden", "Requires the ORG_ADMIN role", "/roles");
}

#[tokio::test]
async fn what_is_no_live_key_is_401() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let text = admin.new_api_key(&["resources:read"]).await;
    let altered = format!("{}{}{}", &text[..40], if &text[40..41] == "A" { "B" } else { "A" }, &text[41..]);
    let elsewhere = text.replace(".acme", ".globex");
    for bad in ["", "pst_", "garbage", &altered, &elsewhere, &text[..text.len() - 1], &format!("{text}x")] {
        let reply = with_key(&app, bad).get("/resources").await;
        expect::code(&reply, 401, "UNAUTHORIZED", "Missing or invalid authentication token");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    }
    let token = format!("Bearer {}", app.token(support::ADMIN, support::ORG, &["ORG_ADMIN"]));
    let both = app.caller(&[("authorization", &token), ("x-api-key", &text)]);
    assert_eq!(both.get("/resources").await.status, 401, "two tokens in one request are refused");
    assert_eq!(app.bearer(&text).get("/resources").await.status, 401, "a key is no token");
}

#[tokio::test]
async fn a_key_ends_when_it_expires_or_is_revoked() {
    let app = TestApp::new().await;
    let body = json!({"name": "CI", "scopes": ["resources:read"], "expiresAt": "2026-02-18T10:31:00Z"});
    let short = app.admin().post("/api-keys", body).await.expect(201);
    let short = with_key(&app, short.json["plainTextKey"].as_str().unwrap());
    let kept =
        app.admin().post("/api-keys", json!({"name": "CI", "scopes": ["resources:read"]})).await.expect(201);
    let long = with_key(&app, kept.json["plainTextKey"].as_str().unwrap());
    app.advance_seconds(59);
    assert_eq!(short.get("/resources").await.status, 200);
    app.advance_seconds(1);
    assert_eq!(
        (short.get("/resources").await.status.as_u16(), long.get("/resources").await.status.as_u16()),
        (401, 200)
    );
    let path = format!("/api-keys/{}", kept.id());
    let rows = app.db_audit().await.len();
    for _ in 0..2 {
        let _ = app.admin().delete(&path).await.expect(204);
        assert_eq!(app.db_audit().await.len(), rows + 1, "revoking again changes nothing");
    }
    assert_eq!(long.get("/resources").await.status, 401);
    let listed = app.admin().get("/api-keys").await.expect(200).json;
    assert_eq!(
        (&listed[1]["isRevoked"], &listed[1]["revokedAt"]),
        (&json!(true), &json!("2026-02-18T10:31:00Z"))
    );
    let unknown = "/api-keys/550e8400-e29b-41d4-a716-446655440000";
    let message = "API key not found with id: 550e8400-e29b-41d4-a716-446655440000";
    assert_eq!(app.admin().delete(unknown).await.expect(404).json["message"], message);
}

#[tokio::test]
async fn the_last_use_is_recorded_at_most_once_a_minute() {
    let app = TestApp::new().await;
    let text = app.admin().new_api_key(&["resources:read"]).await;
    let key = with_key(&app, &text);
    let updates = async |count: usize| {
        app.proxy.take_calls();
        for _ in 0..count {
            let _ = key.get("/resources").await.expect(200);
        }
        app.proxy.take_calls().iter().filter(|call| *call == "UpdateItem").count()
    };
    assert_eq!(updates(5).await, 1);
    app.advance_seconds(59);
    assert_eq!(updates(5).await, 0);
    app.advance_seconds(1);
    assert_eq!(updates(5).await, 1);
    let listed = app.admin().get("/api-keys").await.expect(200).json;
    assert_eq!(listed[0]["lastUsedAt"], "2026-02-18T10:31:00Z");
    assert_eq!(listed[0]["lastUsedIp"], "203.0.113.7");
}

#[tokio::test]
async fn a_use_that_cannot_be_recorded_is_a_use_all_the_same() {
    let app = TestApp::new().await;
    let key = with_key(&app, &app.admin().new_api_key(&["resources:read"]).await);
    app.proxy.fail_next("UpdateItem", 400, &json!({"__type": "AccessDeniedException", "message": "no"}));
    let _ = key.get("/resources").await.expect(200);
    app.proxy.fail_next("GetItem", 400, &json!({"__type": "AccessDeniedException", "message": "no"}));
    assert_eq!(key.get("/resources").await.status, 500, "who cannot be looked up is not let in");
}

#[tokio::test]
async fn creation_checks_each_member() {
    let app = TestApp::new().await;
    let scopes = "scopes must list at least one of sessions:read, sessions:write, resources:read, audit:read";
    for (body, fields) in [
        (json!({}), json!({"name": "name is required", "scopes": "scopes is required"})),
        (json!({"name": "CI", "scopes": []}), json!({"scopes": scopes})),
        (json!({"name": "CI", "scopes": ["admin"]}), json!({"scopes": scopes})),
        (
            json!({"name": "CI", "scopes": ["audit:read"], "expiresAt": "2026-02-18T10:30:00Z"}),
            json!({"expiresAt": "expiresAt must lie in the future"}),
        ),
        (json!({"name": "CI", "scopes": ["audit:read"], "x": Value::Null}), json!({"x": "Unknown field: x"})),
    ] {
        expect::invalid(&app.admin().post("/api-keys", body).await, "/api-keys", fields);
    }
    assert_eq!(app.db_items().await.len(), 0);
}
