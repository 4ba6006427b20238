//! What belongs to another organization answers exactly like something that does not exist.

use serde_json::{Value, json};
use support::{Client, Reply, TestApp};

async fn answers(caller: &Client, credential: &str, resource: &str, role: &str) -> Vec<Reply> {
    let link = format!("/roles/{role}/resources/{resource}");
    let (resource, role) = (format!("/resources/{resource}"), format!("/roles/{role}"));
    let credential = format!("/credentials/{credential}/");
    vec![
        caller.get(&resource).await,
        caller.patch(&resource, json!({"name": "mine"})).await,
        caller.delete(&resource).await,
        caller.get(&role).await,
        caller.patch(&role, json!({"name": "mine"})).await,
        caller.delete(&role).await,
        caller.post_empty(&link).await,
        caller.delete(&link).await,
        caller.get(&credential).await,
        caller.put(&credential, json!({"name": "mine", "value": "mine"})).await,
        caller.patch(&credential, json!({"name": "mine"})).await,
        caller.delete(&credential).await,
    ]
}

#[tokio::test]
async fn foreign_ids_answer_like_unknown_ones_to_the_byte() {
    let app = TestApp::new().await;
    let theirs = app.other_admin();
    let credential = theirs.new_credential("Theirs").await;
    let resource = theirs.new_resource(&credential).await;
    let role = theirs.new_role("Theirs").await;
    let _ = theirs.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    let before = app.db_items().await;

    let unknown = "550e8400-e29b-41d4-a716-446655440000";
    let unknown_credential = "BWBeN28Vb7cMEx7Ym8AUzs";
    let foreign = answers(&app.admin(), &credential, &resource, &role).await;
    let missing = answers(&app.admin(), unknown_credential, unknown, unknown).await;
    for (foreign, missing) in foreign.iter().zip(&missing) {
        assert_eq!(foreign.status.as_u16(), 404, "{}", foreign.text);
        let text = foreign.text.replace(&resource, unknown).replace(&role, unknown);
        assert_eq!(text, missing.text);
        assert_eq!(foreign.headers.keys().collect::<Vec<_>>(), missing.headers.keys().collect::<Vec<_>>());
    }
    assert_eq!(app.db_items().await, before);
}

#[tokio::test]
async fn lists_show_the_own_organization_only() {
    let app = TestApp::new().await;
    let theirs = app.other_admin();
    let credential = theirs.new_credential("Theirs").await;
    let _ = theirs.new_resource(&credential).await;
    let _ = theirs.new_role("Theirs").await;
    let admin = app.admin();
    assert_eq!(admin.get("/resources").await.json, json!([]));
    assert_eq!(admin.get("/roles").await.json, json!([]));
    let page: Value = admin.get("/credentials/").await.json;
    assert_eq!(page, json!({"count": 0, "page_total": 1, "page": 1, "length": 10, "results": []}));
}
