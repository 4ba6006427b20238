//! Seed `POST /roles/{id}/resources/{resourceId}`.

use serde_json::json;
use support::TestApp;

use super::{UNKNOWN, UNKNOWN_RESOURCE};
use crate::expect;

#[tokio::test]
async fn assigning_answers_with_the_message_of_the_page() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (role, resource) = admin.new_role_and_resource().await;
    let reply = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await;
    expect::body(&reply, 200, json!({"message": "Resource assigned to role successfully"}));
    assert_eq!(admin.get(&format!("/roles/{role}")).await.json["resourceIds"], json!([resource]));
}

#[tokio::test]
async fn a_resource_can_be_assigned_to_several_roles() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let resource = admin.new_resource(&admin.new_credential("AWS Account").await).await;
    for name in ["Engineers", "Operators"] {
        let role = admin.new_role(name).await;
        let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    }
}

#[tokio::test]
async fn the_role_is_looked_for_first() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let path = format!("/roles/{UNKNOWN}/resources/{UNKNOWN_RESOURCE}");
    let message = format!("Role not found with id: {UNKNOWN}");
    expect::reason(&admin.post_empty(&path).await, 404, "Not Found", &message, &path);
    // The same holds for an existing resource.
    let resource = admin.new_resource(&admin.new_credential("AWS Account").await).await;
    let path = format!("/roles/{UNKNOWN}/resources/{resource}");
    expect::reason(&admin.post_empty(&path).await, 404, "Not Found", &message, &path);
}

#[tokio::test]
async fn the_resource_is_looked_for_next() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let role = admin.new_role("Engineers").await;
    let path = format!("/roles/{role}/resources/{UNKNOWN_RESOURCE}");
    let message = format!("Resource not found with id: {UNKNOWN_RESOURCE}");
    expect::reason(&admin.post_empty(&path).await, 404, "Not Found", &message, &path);
}

#[tokio::test]
async fn a_second_assignment_is_refused() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (role, resource) = admin.new_role_and_resource().await;
    let path = format!("/roles/{role}/resources/{resource}");
    let _ = admin.post_empty(&path).await.expect(200);
    let before = app.db_items().await;
    let message = "Resource already assigned to this role";
    expect::reason(&admin.post_empty(&path).await, 400, "Bad Request", message, &path);
    assert_eq!(app.db_items().await, before);
}

#[tokio::test]
async fn neither_side_may_belong_to_another_organization() {
    let app = TestApp::new().await;
    let (admin, theirs) = (app.admin(), app.other_admin());
    let (role, resource) = admin.new_role_and_resource().await;
    let (their_role, their_resource) = theirs.new_role_and_resource().await;
    let path = format!("/roles/{their_role}/resources/{resource}");
    let message = format!("Role not found with id: {their_role}");
    expect::reason(&admin.post_empty(&path).await, 404, "Not Found", &message, &path);
    let path = format!("/roles/{role}/resources/{their_resource}");
    let message = format!("Resource not found with id: {their_resource}");
    expect::reason(&admin.post_empty(&path).await, 404, "Not Found", &message, &path);
}

#[tokio::test]
async fn callers_without_the_right_are_told_so_before_anything_else() {
    let app = TestApp::new().await;
    let path = format!("/roles/{UNKNOWN}/resources/{UNKNOWN_RESOURCE}");
    let message = "Missing or invalid authentication token";
    expect::reason(&app.anonymous().post_empty(&path).await, 401, "Unauthorized", message, &path);
    expect::reason(
        &app.member().post_empty(&path).await,
        403,
        "Forbidden",
        "Requires the ORG_ADMIN role",
        &path,
    );
}
