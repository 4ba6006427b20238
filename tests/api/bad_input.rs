//! What no honest caller sends, on each of the three formats: a clear refusal, and nothing changes.

use serde_json::{Value, json};
use support::{Reply, TestApp};

const JSON: Option<&str> = Some("application/json");

/// A family of paths with each format.
const FAMILIES: [&str; 3] = ["/api/v1/resources", "/api/v1/roles", "/api/v1/credentials/"];

/// A body that has a member `name` and is refused for what stands behind it.
fn with_member(member: &str) -> Vec<u8> {
    format!(r#"{{"name": "n", "value": "v", {member}}}"#).into_bytes()
}

/// The sentence of a refusal, in whatever format.
fn sentence(reply: &Reply) -> String {
    let (message, detail) = (&reply.json["message"], &reply.json["detail"]);
    let text = [message, detail].into_iter().find_map(Value::as_str);
    text.map_or_else(|| reply.text.clone(), String::from)
}

/// Sends a body to each family: each refuses it with 400 and a sentence that has these words in it.
async fn is_refused_by_all(body: &[u8], words: &str) {
    let app = TestApp::new().await;
    let before = app.db_objects().await;
    for path in FAMILIES {
        let reply = app.admin().send("POST", path, JSON, body.to_vec()).await;
        assert_eq!(reply.status.as_u16(), 400, "{path}: {}", reply.text);
        assert!(sentence(&reply).to_lowercase().contains(words), "{path}: {}", reply.text);
    }
    assert_eq!(app.db_objects().await, before);
}

#[tokio::test]
async fn deep_nesting() {
    for depth in [128, 1_000, 100_000] {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        is_refused_by_all(&with_member(&format!(r#""x": {open}{close}"#)), "recursion limit exceeded").await;
    }
    let objects = format!(r#"{}1{}"#, r#"{"x":"#.repeat(5_000), "}".repeat(5_000));
    is_refused_by_all(objects.as_bytes(), "recursion limit exceeded").await;
}

#[tokio::test]
async fn invalid_utf8() {
    for bytes in [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"] {
        let body = [&br#"{"name": ""#[..], bytes, br#""}"#].concat();
        is_refused_by_all(&body, "utf-8").await;
    }
    // UTF-16, which JSON was once allowed to be.
    is_refused_by_all(b"\xff\xfe{\0}\0", "utf-8").await;
}

#[tokio::test]
async fn numbers_that_no_double_holds() {
    for number in ["1e309", "-1e309", "1e999999999"] {
        is_refused_by_all(&with_member(&format!(r#""x": {number}"#)), "number out of range").await;
    }
    for number in ["01", "+1", ".5", "1.", "0x10", "NaN", "Infinity", "--1"] {
        is_refused_by_all(&with_member(&format!(r#""x": {number}"#)), " at line 1 column ").await;
    }
}

#[tokio::test]
async fn duplicate_keys_are_refused_but_by_the_face_whose_seed_takes_the_last() {
    let app = TestApp::new().await;
    let body = br#"{"name": "first", "name": "last", "value": "v"}"#;
    for path in &FAMILIES[..2] {
        let reply = app.admin().send("POST", path, JSON, body.to_vec()).await.expect(400);
        assert!(
            sentence(&reply).contains(r#"duplicate key "name" at line 1 column "#),
            "{path}: {}",
            reply.text
        );
    }
    let reply = app.admin().send("POST", FAMILIES[2], JSON, body.to_vec()).await.expect(201);
    assert_eq!(reply.json["name"], "last");
}

#[tokio::test]
async fn numbers_out_of_a_members_range() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let resource = admin.new_resource(&admin.new_credential("AWS").await).await;
    let _ = admin.patch(&format!("/resources/{resource}"), json!({"isActive": true})).await.expect(200);
    // A start enters its caller in the directory, even when it is refused.
    let _ = admin.get("/me").await.expect(200);
    let before = app.db_objects().await;
    for number in ["-1", "0", "1.5", "8785", "4294967296", "18446744073709551616", "1e30"] {
        let body = format!(r#"{{"name": "n", "maxSessionDurationHours": {number}}}"#).into_bytes();
        let reply = admin.send("POST", "/api/v1/roles", JSON, body).await.expect(400);
        assert!(
            reply.json["validationErrors"]["maxSessionDurationHours"].is_string(),
            "{number}: {}",
            reply.text
        );
        let body = format!(r#"{{"durationMinutes": {number}}}"#).into_bytes();
        let reply = admin.send("POST", "/api/v1/sessions", JSON, body).await.expect(400);
        let found = &reply.json["validationErrors"]["durationMinutes"];
        // 8,785 minutes are too long for a deployment's sessions, and no more than that.
        assert!(found.is_string(), "{number}: {}", reply.text);
    }
    for port in ["-1", "65536", "1.5", "4294967318", "18446744073709551616", "1e30"] {
        let body = format!(r#"{{"config": {{"protocol": "tcp", "port": {port}}}}}"#).into_bytes();
        let path = format!("/api/v1/resources/{resource}");
        let reply = admin.send("PATCH", &path, JSON, body).await.expect(400);
        assert!(sentence(&reply).contains("port"), "{port}: {}", reply.text);
    }
    assert_eq!(app.db_objects().await, before);
}

#[tokio::test]
async fn huge_segments_queries_and_headers() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for family in FAMILIES {
        let family = family.trim_end_matches('/');
        let within = format!("{family}/{}", "a".repeat(8 * 1024 - family.len() - 1));
        let reply = admin.send("GET", &within, None, Vec::new()).await;
        assert!(matches!(reply.status.as_u16(), 400 | 404), "{family}: {}", reply.text);
        let escaped = format!("{family}/{}", "%F0%9F%90%98".repeat(600));
        let reply = admin.send("GET", &escaped, None, Vec::new()).await;
        assert!(matches!(reply.status.as_u16(), 400 | 404), "{family}: {}", reply.text);
        for over in [format!("{within}a"), format!("{family}?x={}", "a".repeat(8 * 1024))] {
            let reply = admin.send("GET", &over, None, Vec::new()).await.expect(414);
            assert!(sentence(&reply).contains("at most 8192 bytes"), "{}", reply.text);
        }
        let heavy = admin.with_header("x-more", &"a".repeat(10_240));
        let reply = heavy.send("GET", family, None, Vec::new()).await.expect(431);
        assert!(sentence(&reply).contains("at most 10240 bytes"), "{}", reply.text);
    }
}

#[tokio::test]
async fn segments_are_decoded_once_and_may_hold_what_identity_providers_put_there() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for (id, segment) in [
        ("auth0|123", "auth0%7C123"),
        ("ada@acme.example", "ada%40acme.example"),
        ("https:person+1", "https%3Aperson%2B1"),
    ] {
        let email = format!("{}@acme.example", segment.replace('%', ""));
        let _ = admin.post("/users", json!({"id": id, "email": email})).await.expect(201);
        let found = admin.get(&format!("/users/{segment}")).await.expect(200);
        assert_eq!(found.id(), id);
        let twice = segment.replace('%', "%25");
        let _ = admin.get(&format!("/users/{twice}")).await.expect(400);
        let _ = admin.delete(&format!("/users/{segment}")).await.expect(204);
    }
    // To the gateway an escaped slash is one.
    let _ = admin.get("/users/a%2Fb").await.expect(404);
    for segment in ["%00", "%ff", "%E2%80%AE", "a%20b"] {
        let reply = admin.get(&format!("/users/{segment}")).await.expect(400);
        assert!(reply.json["validationErrors"]["id"].is_string(), "{segment}: {}", reply.text);
    }
}
