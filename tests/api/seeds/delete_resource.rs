//! Seed `DELETE /resources/{id}`.

use model::audit::AuditEvent;
use model::id::ResourceId;
use serde_json::json;
use support::TestApp;

use super::UNKNOWN;
use crate::expect;

#[tokio::test]
async fn a_resource_is_gone_with_its_links_and_its_audit_rows_stay() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS Account").await;
    let id = admin.new_resource(&credential).await;
    let role = admin.new_role("Engineers").await;
    let _ = admin.post_empty(&format!("/roles/{role}/resources/{id}")).await.expect(200);

    // The page's request names a content type and has no body.
    let path = format!("/api/v1/resources/{id}");
    let reply = admin.send("DELETE", &path, Some("application/json"), Vec::new()).await.expect(204);
    assert_eq!(reply.text, "");

    assert_eq!(admin.get(&format!("/resources/{id}")).await.expect(404).json["error"], "RESOURCE_NOT_FOUND");
    assert_eq!(admin.get(&format!("/roles/{role}")).await.json["resourceIds"], json!([]));
    let credential = admin.get(&format!("/credentials/{credential}/")).await;
    assert_eq!((&credential.json["usage_count"], &credential.json["references"]), (&json!(0), &json!([])));
    let events: Vec<_> = app.db_audit().await.into_iter().filter(|row| row.resource_id == id).collect();
    let kinds: Vec<_> = events.iter().map(|row| row.event_type).collect();
    assert_eq!(kinds, [AuditEvent::ResourceCreate, AuditEvent::ResourceDelete]);
    assert_eq!(events[1].resource_name.as_deref(), Some("Production API Gateway"));
}

#[tokio::test]
async fn error_example_resource_in_use() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let id = admin.new_resource(&admin.new_credential("AWS Account").await).await;
    let _ = admin.patch(&format!("/resources/{id}"), json!({"isActive": true})).await.expect(200);
    let session = app.db_hold(ResourceId::parse(&id).unwrap()).await.unwrap();
    let before = app.db_objects().await;
    let reply = admin.delete(&format!("/resources/{id}")).await;
    let message = "Cannot delete resource with active sessions. Stop all active sessions first.";
    expect::code(&reply, 400, "RESOURCE_IN_USE", message);
    assert_eq!(app.db_objects().await, before);
    app.db_release(session).await;
    let _ = admin.delete(&format!("/resources/{id}")).await.expect(204);
}

#[tokio::test]
async fn error_example_not_found() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let message = format!("Resource with ID {UNKNOWN} not found");
    let reply = admin.delete(&format!("/resources/{UNKNOWN}")).await;
    expect::code(&reply, 404, "RESOURCE_NOT_FOUND", &message);
    // "does not exist or does not belong to your organization", and deleted twice.
    let theirs = app.other_admin();
    let id = theirs.new_resource(&theirs.new_credential("Theirs").await).await;
    let message = format!("Resource with ID {id} not found");
    expect::code(&admin.delete(&format!("/resources/{id}")).await, 404, "RESOURCE_NOT_FOUND", &message);
    let _ = theirs.delete(&format!("/resources/{id}")).await.expect(204);
    expect::code(&theirs.delete(&format!("/resources/{id}")).await, 404, "RESOURCE_NOT_FOUND", &message);
}

#[tokio::test]
async fn the_rows_of_the_error_table() {
    let app = TestApp::new().await;
    let path = format!("/resources/{UNKNOWN}");
    let unauthorized = "Missing or invalid authentication token";
    expect::code(&app.anonymous().delete(&path).await, 401, "UNAUTHORIZED", unauthorized);
    expect::code(&app.member().delete(&path).await, 403, "FORBIDDEN", "Requires the ORG_ADMIN role");
}
