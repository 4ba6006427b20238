//! Bodies that cannot be read. Each is refused in the format of its path, without a 500 and without a change.

use serde_json::json;
use support::{Client, Reply, TestApp};

use crate::expect;

async fn patch_raw(
    admin: &Client,
    path: &str,
    content_type: Option<&str>,
    body: impl Into<Vec<u8>>,
) -> Reply {
    admin.send("PATCH", &format!("/api/v1{path}"), content_type, body.into()).await
}

async fn admin_with_resource(app: &TestApp) -> (Client, String) {
    let admin = app.admin();
    let id = admin.new_resource(&admin.new_credential("AWS Account").await).await;
    (admin, format!("/resources/{id}"))
}

const JSON: Option<&str> = Some("application/json");

#[tokio::test]
async fn broken_json_names_line_and_column() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_resource(&app).await;
    let before = app.db_items().await;
    for (body, why) in [
        (&b"{\"name\": x}"[..], "expected value at line 1 column 10"),
        (b"{\n \"name\": \"n\",\n}", "trailing comma at line 3 column 1"),
        (b"", "it is empty, and must be a JSON object"),
        (b"{\"name\": \"a\", \"name\": \"b\"}", "duplicate key \"name\" at line 1 column 20"),
        (b"{\"config\": {\"port\": 1, \"port\": 2}}", "duplicate key \"port\" at line 1 column 29"),
        (b"{\"name\": \"\xff\"}", "invalid UTF-8 at byte 10"),
        (
            b"{\"name\": \"\\ud800\"}",
            "a surrogate (\\uD800 to \\uDFFF) lacks its other half at line 1 column 17",
        ),
        (b"\xef\xbb\xbf{}", "expected value at line 1 column 1"),
    ] {
        let reply = patch_raw(&admin, &path, JSON, body).await;
        expect::code(&reply, 400, "VALIDATION_ERROR", &format!("The body is not valid JSON: {why}"));
    }
    for body in ["[]", "null", "5", "\"x\""] {
        let reply = patch_raw(&admin, &path, JSON, body).await;
        expect::code(&reply, 400, "VALIDATION_ERROR", "The body must be a JSON object");
    }
    let deep = format!("{{\"config\": {}}}", "[".repeat(100_000));
    assert_eq!(patch_raw(&admin, &path, JSON, deep).await.status.as_u16(), 400);
    assert_eq!(app.db_items().await, before);
}

#[tokio::test]
async fn each_format_has_its_own_words() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let reply = admin.send("POST", "/api/v1/roles", JSON, b"{".to_vec()).await;
    let message = "The body is not valid JSON: EOF while parsing an object at line 1 column 1";
    expect::reason(&reply, 400, "Bad Request", message, "/roles");
    let reply = admin.send("POST", "/api/v1/credentials/", JSON, b"{".to_vec()).await;
    assert_eq!(reply.status.as_u16(), 400);
    assert!(reply.json["detail"].as_str().unwrap().starts_with("JSON parse error - "), "{}", reply.text);
}

#[tokio::test]
async fn bodies_end_at_256_kib() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_resource(&app).await;
    let padded = |length: usize| format!("{{}}{}", " ".repeat(length - 2));
    assert_eq!(patch_raw(&admin, &path, JSON, padded(256 * 1024)).await.status.as_u16(), 200);
    let reply = patch_raw(&admin, &path, JSON, padded(256 * 1024 + 1)).await;
    expect::code(&reply, 413, "PAYLOAD_TOO_LARGE", "The body must have at most 262144 bytes");
    let reply = admin.send("POST", "/api/v1/roles", JSON, padded(256 * 1024 + 1).into_bytes()).await;
    let message = "The body must have at most 262144 bytes";
    expect::reason(&reply, 413, "Payload Too Large", message, "/roles");
    let reply = admin.send("POST", "/api/v1/credentials/", JSON, padded(256 * 1024 + 1).into_bytes()).await;
    expect::body(&reply, 413, json!({"detail": "The body must have at most 262144 bytes."}));
}

#[tokio::test]
async fn the_media_type_must_be_json() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_resource(&app).await;
    for good in [None, JSON, Some("application/json; charset=utf-8"), Some("Application/JSON")] {
        assert_eq!(patch_raw(&admin, &path, good, "{}").await.status.as_u16(), 200, "{good:?}");
    }
    for bad in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "multipart/form-data"]
    {
        let reply = patch_raw(&admin, &path, Some(bad), "{}").await;
        expect::code(&reply, 415, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json");
    }
    let reply = admin.send("POST", "/api/v1/roles", Some("text/plain"), b"{}".to_vec()).await;
    let message = "The body must be application/json";
    expect::reason(&reply, 415, "Unsupported Media Type", message, "/roles");
}
