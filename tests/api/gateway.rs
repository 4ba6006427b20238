//! The local gateway hands the same events to functions as API Gateway.

use serde_json::{Value, json};
use support::TestApp;

/// The event of a request without a token.
fn event(app: &TestApp, method: &str, path: &str, content_type: Option<&str>, body: &str) -> Value {
    serde_json::from_str(&app.anonymous().event(method, path, content_type, body.into())).unwrap()
}

#[tokio::test]
async fn paths_are_decoded_and_queries_are_not() {
    let app = TestApp::new().await;
    let event = event(&app, "PATCH", "/api/v1/users/a%20b%C3%A9%252F?x=%2F+%25", None, "");
    assert_eq!(event["rawPath"], "/api/v1/users/a bé%252F");
    assert_eq!(event["requestContext"]["http"]["path"], event["rawPath"]);
    assert_eq!(event["pathParameters"], json!({"id": "a bé%252F"}));
    assert_eq!(event["rawQueryString"], "x=%2F+%25");
    assert_eq!(event["routeKey"], "PATCH /api/v1/users/{id}");
}

#[tokio::test]
async fn an_escaped_slash_is_a_slash_to_the_gateway() {
    let app = TestApp::new().await;
    let event = event(&app, "PATCH", "/api/v1/users/a%2Fb", None, "");
    assert_eq!((&event["routeKey"], &event["rawPath"]), (&json!("$default"), &json!("/api/v1/users/a/b")));
}

#[tokio::test]
async fn the_rest_of_the_path_is_the_greedy_variables_parameter() {
    let app = TestApp::new().await;
    for (path, key, parameters) in [
        ("/a/", "GET /api/v1/credentials/{id}/{rest+}", json!({"id": "a", "rest": ""})),
        ("/a/b/c", "GET /api/v1/credentials/{id}/{rest+}", json!({"id": "a", "rest": "b/c"})),
        ("/", "GET /api/v1/credentials/{rest+}", json!({"rest": ""})),
        ("/a", "GET /api/v1/credentials/{id}", json!({"id": "a"})),
        ("", "GET /api/v1/credentials", json!({})),
    ] {
        let event = event(&app, "GET", &format!("/api/v1/credentials{path}"), None, "");
        assert_eq!((&event["routeKey"], &event["pathParameters"]), (&json!(key), &parameters), "{path}");
    }
}

#[tokio::test]
async fn bodies_of_other_types_than_text_are_in_base64() {
    let app = TestApp::new().await;
    for (content_type, is_base64) in [
        (Some("application/json"), false),
        (Some("Application/JSON; charset=utf-8"), false),
        (Some("application/xml"), false),
        (Some("application/javascript"), false),
        (Some("text/plain"), false),
        (Some("application/x-www-form-urlencoded"), true),
        (Some("multipart/form-data; boundary=b"), true),
        (Some("application/octet-stream"), true),
        (Some("application/problem+json"), true),
        (None, true),
    ] {
        let event = event(&app, "POST", "/api/v1/roles", content_type, "name=é");
        let body = if is_base64 { "bmFtZT3DqQ==" } else { "name=é" };
        assert_eq!(
            (&event["isBase64Encoded"], &event["body"]),
            (&json!(is_base64), &json!(body)),
            "{content_type:?}"
        );
    }
    let empty = event(&app, "POST", "/api/v1/roles", None, "");
    assert_eq!((&empty["isBase64Encoded"], &empty["body"]), (&json!(false), &Value::Null));
}
