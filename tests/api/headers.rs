//! Headers of every answer, web pages that may call, and requests that are too large.

use support::{Setup, TestApp};
use web::Origins;

use crate::expect;

const PAGE: &str = "https://admin.example";

async fn with_page() -> TestApp {
    let origins = Origins::parse("https://admin.example,http://localhost:5173").unwrap();
    TestApp::with_setup(Setup { origins, ..Setup::default() }).await
}

#[tokio::test]
async fn every_answer_tells_browsers_to_keep_out() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for reply in [
        admin.get("/health").await.expect(200),
        admin.get("/roles").await.expect(200),
        app.anonymous().get("/resources").await.expect(401),
        admin.get("/nothing").await.expect(404),
        admin.post("/roles", serde_json::json!({})).await.expect(400),
    ] {
        for (name, value) in [
            ("cache-control", "no-store"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
            ("strict-transport-security", "max-age=63072000; includeSubDomains"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(reply.header(name), Some(value));
        }
        assert!(reply.header("x-request-id").is_some());
    }
}

#[tokio::test]
async fn the_page_for_people_runs_what_stands_in_it_and_calls_where_it_came_from() {
    let app = TestApp::new().await;
    let page = app.anonymous().get("/docs").await.expect(200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("cache-control"), Some("public, max-age=3600"));
    let policy = page.header("content-security-policy").unwrap();
    for rule in ["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "form-action 'none'"] {
        assert!(policy.split("; ").any(|part| part == rule), "{rule}: {policy}");
    }
    assert!(!policy.contains("unsafe"));
    for (name, value) in [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY")] {
        assert_eq!(page.header(name), Some(value));
    }
    assert!(page.text.starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn the_description_is_served_as_it_is_in_the_repository() {
    let app = TestApp::new().await;
    let served = app.anonymous().get("/openapi.json").await.expect(200);
    let yaml = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../api/openapi.yaml")).unwrap();
    assert_eq!(served.json, serde_yaml_ng::from_str::<serde_json::Value>(&yaml).unwrap());
    assert_eq!(served.header("cache-control"), Some("no-store"));
    for path in ["/docs", "/openapi.json"] {
        let _ = app.admin().send("POST", path, None, Vec::new()).await.expect(405);
        let with_slash = app.anonymous().send("GET", &format!("{path}/"), None, Vec::new()).await.expect(308);
        assert_eq!(with_slash.header("location"), Some(path));
    }
    // A 405 names the methods of a path, so its caller is looked up first: they may have been deactivated.
    assert_eq!(app.proxy.take_calls(), ["GetItem"]);
}

#[tokio::test]
async fn no_page_may_call_unless_it_is_named() {
    for (app, origin, allowed) in [
        (TestApp::new().await, PAGE, false),
        (with_page().await, PAGE, true),
        (with_page().await, "http://localhost:5173", true),
        (with_page().await, "https://admin.example.evil.example", false),
        (with_page().await, "https://evil.example", false),
        (with_page().await, "http://admin.example", false),
        (with_page().await, "null", false),
    ] {
        let page = app.admin().with_header("origin", origin);
        let reply = page.get("/roles").await.expect(200);
        assert_eq!(reply.header("access-control-allow-origin"), allowed.then_some(origin), "{origin}");
        assert_eq!(reply.header("access-control-allow-credentials"), None);
        let asks = app.caller(&[("origin", origin), ("access-control-request-method", "PATCH")]);
        let reply = asks.send("OPTIONS", "/api/v1/roles", None, Vec::new()).await;
        assert_eq!(reply.status.as_u16(), if allowed { 204 } else { 401 }, "{origin}");
        let methods = allowed.then_some("GET, POST, PUT, PATCH, DELETE");
        assert_eq!(reply.header("access-control-allow-methods"), methods, "{origin}");
        assert_eq!(reply.header("access-control-allow-origin"), allowed.then_some(origin), "{origin}");
    }
}

#[tokio::test]
async fn a_page_sees_refusals_too_and_caches_keep_pages_apart() {
    let app = with_page().await;
    let page = app.caller(&[("origin", PAGE)]);
    let reply = page.get("/roles").await.expect(401);
    assert_eq!(reply.header("access-control-allow-origin"), Some(PAGE));
    assert_eq!(reply.header("vary"), Some("origin"));
    assert!(reply.header("access-control-expose-headers").unwrap().contains("x-request-id"));
}

#[tokio::test]
async fn paths_queries_and_headers_have_limits_in_the_face_of_the_path() {
    let app = TestApp::new().await;
    let (admin, long) = (app.admin(), "x".repeat(8192));
    let reply = admin.get(&format!("/resources/{long}")).await;
    expect::code(&reply, 414, "URI_TOO_LONG", "Path and query must have at most 8192 bytes");
    let reply = admin.get(&format!("/resources?{long}")).await;
    expect::code(&reply, 414, "URI_TOO_LONG", "Path and query must have at most 8192 bytes");
    let reply = admin.get(&format!("/credentials/{long}/")).await.expect(414);
    assert_eq!(reply.json["detail"], "Path and query must have at most 8192 bytes.");
    let heavy = admin.with_header("x-padding", &"x".repeat(10_240));
    let reply = heavy.get("/resources").await;
    expect::code(&reply, 431, "HEADERS_TOO_LARGE", "The headers must have at most 10240 bytes");
    let reply = heavy.get("/credentials/").await.expect(431);
    assert_eq!(reply.json["detail"], "The headers must have at most 10240 bytes.");
    let segment = "x".repeat(4000);
    for (path, status) in
        [("resources", 400), ("roles", 400), ("users", 400), ("sessions", 400), ("credentials", 404)]
    {
        let _ = admin.get(&format!("/{path}/{segment}")).await.expect(status);
    }
}

#[tokio::test]
async fn a_header_that_is_no_text_is_shown_and_is_nothing() {
    let app = TestApp::new().await;
    let token = format!("Bearer {}", app.token("admin", support::ORG, &["ORG_ADMIN"]));
    for headers in [
        [("authorization", "Bearer é"), ("accept", "*/*")],
        [("x-api-key", "é"), ("accept", "*/*")],
        [("authorization", token.as_str()), ("x-api-key", "é")],
        [("authorization", token.as_str()), ("x-api-key", "")],
    ] {
        let _ = app.caller(&headers).get("/roles").await.expect(401);
    }
}
