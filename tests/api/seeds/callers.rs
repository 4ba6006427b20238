//! Every seed operation × every kind of caller without the right. None of them changes anything.

use serde_json::{Value, json};
use support::{Client, Reply, TestApp};

use crate::tokens::bad_callers;

/// Method, path and body of a request.
type Operation = (&'static str, String, Option<Value>);

/// The five operations, on objects that exist.
async fn operations(app: &TestApp) -> [Operation; 5] {
    let admin = app.admin();
    let credential = admin.new_credential("AWS Account").await;
    let resource = admin.new_resource(&credential).await;
    let role = admin.new_role("Engineers").await;
    [
        ("PATCH", format!("/resources/{resource}"), Some(json!({"name": "changed"}))),
        ("DELETE", format!("/roles/{role}/resources/{resource}"), None),
        ("POST", format!("/roles/{role}/resources/{resource}"), None),
        ("PUT", format!("/credentials/{credential}/"), Some(json!({"name": "changed", "value": "v"}))),
        ("DELETE", format!("/resources/{resource}"), None),
    ]
}

async fn call(client: &Client, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let body = body.map(Value::to_string).unwrap_or_default();
    client.send(method, &format!("/api/v1{path}"), Some("application/json"), body.into_bytes()).await
}

#[tokio::test]
async fn nobody_without_a_good_token_gets_through() {
    let app = TestApp::new().await;
    let operations = operations(&app).await;
    // Failed sign-ins are counted. Nothing else is written.
    let without_counts = async || {
        let mut items = app.db_items().await;
        items.retain(|_, item| !item.contains("SIGN_INS"));
        items
    };
    let before = without_counts().await;
    for (name, caller) in bad_callers(&app) {
        for (method, path, body) in &operations {
            let reply = call(&caller, method, path, body.as_ref()).await;
            assert_eq!(reply.status.as_u16(), 401, "{name}: {method} {path}");
            assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{name}: {method} {path}");
        }
    }
    assert_eq!(without_counts().await, before);
}

#[tokio::test]
async fn members_are_refused_and_other_organizations_find_nothing() {
    let app = TestApp::new().await;
    let operations = operations(&app).await;
    let before = app.db_objects().await;
    for (method, path, body) in &operations {
        let reply = call(&app.member(), method, path, body.as_ref()).await;
        assert_eq!(reply.status.as_u16(), 403, "{method} {path}");
        let reply = call(&app.other_admin(), method, path, body.as_ref()).await;
        assert_eq!(reply.status.as_u16(), 404, "{method} {path}");
    }
    assert_eq!(app.db_objects().await, before);
}
