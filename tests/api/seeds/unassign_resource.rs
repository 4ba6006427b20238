//! Seed `DELETE /roles/{id}/resources/{resourceId}`.

use serde_json::json;
use support::TestApp;

use super::{UNKNOWN, UNKNOWN_RESOURCE};
use crate::expect;

#[tokio::test]
async fn unassigning_answers_with_no_body_and_deletes_neither_side() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (role, resource) = admin.new_role_and_resource().await;
    let path = format!("/roles/{role}/resources/{resource}");
    let _ = admin.post_empty(&path).await.expect(200);
    let reply = admin.delete(&path).await.expect(204);
    assert_eq!(reply.text, "");
    assert_eq!(reply.header("content-type"), None);
    assert_eq!(admin.get(&format!("/roles/{role}")).await.expect(200).json["resourceIds"], json!([]));
    let _ = admin.get(&format!("/resources/{resource}")).await.expect(200);
    let _ = admin.post_empty(&path).await.expect(200);
}

#[tokio::test]
async fn role_then_resource_then_link_are_looked_for() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (role, resource) = admin.new_role_and_resource().await;
    let before = app.db_items().await;
    for (path, message) in [
        (
            format!("/roles/{UNKNOWN}/resources/{UNKNOWN_RESOURCE}"),
            format!("Role not found with id: {UNKNOWN}"),
        ),
        (format!("/roles/{UNKNOWN}/resources/{resource}"), format!("Role not found with id: {UNKNOWN}")),
        (
            format!("/roles/{role}/resources/{UNKNOWN_RESOURCE}"),
            format!("Resource not found with id: {UNKNOWN_RESOURCE}"),
        ),
        (format!("/roles/{role}/resources/{resource}"), "Resource not assigned to this role".into()),
    ] {
        expect::reason(&admin.delete(&path).await, 404, "Not Found", &message, &path);
    }
    assert_eq!(app.db_items().await, before);
}

#[tokio::test]
async fn another_organizations_link_is_not_found() {
    let app = TestApp::new().await;
    let (admin, theirs) = (app.admin(), app.other_admin());
    let (role, resource) = theirs.new_role_and_resource().await;
    let path = format!("/roles/{role}/resources/{resource}");
    let _ = theirs.post_empty(&path).await.expect(200);
    let message = format!("Role not found with id: {role}");
    expect::reason(&admin.delete(&path).await, 404, "Not Found", &message, &path);
    assert_eq!(theirs.get(&format!("/roles/{role}")).await.json["resourceIds"], json!([resource]));
}

#[tokio::test]
async fn callers_without_the_right_are_told_so_before_anything_else() {
    let app = TestApp::new().await;
    let path = format!("/roles/{UNKNOWN}/resources/{UNKNOWN_RESOURCE}");
    let message = "Missing or invalid authentication token";
    expect::reason(&app.anonymous().delete(&path).await, 401, "Unauthorized", message, &path);
    expect::reason(&app.member().delete(&path).await, 403, "Forbidden", "Requires the ORG_ADMIN role", &path);
}
