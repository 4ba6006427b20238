//! Seed `PATCH /resources/{id}`.

use model::id::CredentialId;
use serde_json::{Value, json};
use support::{Client, TestApp};

use super::UNKNOWN;
use crate::expect;

/// The seed's resource before the update: created two hours before, verified and active.
async fn example(app: &TestApp) -> (Client, String, String) {
    let admin = app.admin();
    let credential = admin.new_credential("AWS Account").await;
    let id = admin.new_resource(&credential).await;
    (admin, id, credential)
}

fn uuid(base58: &str) -> String {
    CredentialId::parse_any(base58).unwrap().to_string()
}

const MEMBERS: [&str; 13] = [
    "id",
    "name",
    "credentialId",
    "credentialName",
    "provider",
    "resourceType",
    "resourceIdentifier",
    "region",
    "config",
    "isActive",
    "lastVerifiedAt",
    "createdAt",
    "updatedAt",
];

#[tokio::test]
async fn the_request_body_of_the_page_changes_everything_it_names() {
    let app = TestApp::new().await;
    let (admin, id, _) = example(&app).await;
    let backup = uuid(&admin.new_credential("AWS Backup Account").await);
    app.advance_seconds(3600);
    let request = json!({
        "name": "Production API Gateway - Updated",
        "resourceIdentifier": "sg-0abc123def456789",
        "credentialId": backup,
        "region": "eu-west-1",
        "isActive": true,
        "config": {"port": 8443, "protocol": "tcp"},
    });
    let reply = admin.patch(&format!("/resources/{id}"), request).await.expect(200);
    let expected = json!({
        "id": id,
        "name": "Production API Gateway - Updated",
        "credentialId": backup,
        "credentialName": "AWS Backup Account",
        "provider": "AWS",
        "resourceType": "SECURITY_GROUP",
        "resourceIdentifier": "sg-0abc123def456789",
        "region": "eu-west-1",
        "config": {"port": 8443, "protocol": "tcp"},
        "isActive": true,
        "lastVerifiedAt": null,
        "createdAt": "2026-02-18T10:30:00Z",
        "updatedAt": "2026-02-18T11:30:00Z",
    });
    assert_eq!(reply.text, expected.to_string());
    assert_eq!(reply.members(), MEMBERS);
    assert_eq!(admin.get(&format!("/resources/{id}")).await.text, reply.text);
}

#[tokio::test]
async fn update_name_and_config() {
    let app = TestApp::new().await;
    let (admin, id, credential) = example(&app).await;
    let before = admin.get(&format!("/resources/{id}")).await;
    app.advance_seconds(3600);
    let request =
        json!({"name": "Production API Gateway - Updated", "config": {"port": 8443, "protocol": "tcp"}});
    let after = admin.patch(&format!("/resources/{id}"), request).await.expect(200);
    let mut expected = before.json.clone();
    expected["name"] = "Production API Gateway - Updated".into();
    expected["config"] = json!({"port": 8443, "protocol": "tcp"});
    expected["updatedAt"] = "2026-02-18T11:30:00Z".into();
    assert_eq!(after.json, expected);
    let references = admin.get(&format!("/credentials/{credential}/")).await.json["references"].clone();
    assert_eq!(references[0]["root_object_display_name"], "Production API Gateway - Updated");
}

#[tokio::test]
async fn change_credential() {
    let app = TestApp::new().await;
    let (admin, id, first) = example(&app).await;
    let second = admin.new_credential("AWS Backup Account").await;
    let request = json!({"credentialId": uuid(&second)});
    let reply = admin.patch(&format!("/resources/{id}"), request).await.expect(200);
    assert_eq!(reply.json["credentialId"], uuid(&second));
    assert_eq!(reply.json["credentialName"], "AWS Backup Account");
    for (credential, count) in [(first, 0), (second, 1)] {
        assert_eq!(admin.get(&format!("/credentials/{credential}/")).await.json["usage_count"], count);
    }
}

#[tokio::test]
async fn disable_resource() {
    let app = TestApp::new().await;
    let (admin, id, _) = example(&app).await;
    for active in [true, false] {
        let reply = admin.patch(&format!("/resources/{id}"), json!({"isActive": active})).await.expect(200);
        assert_eq!(reply.json["isActive"], active);
    }
}

#[tokio::test]
async fn the_error_example_of_the_page() {
    let app = TestApp::new().await;
    let (admin, id, _) = example(&app).await;
    let reply = admin.patch(&format!("/resources/{id}"), json!({"resourceIdentifier": "sg-9xyz"})).await;
    expect::code(&reply, 400, "VALIDATION_ERROR", "Invalid resource identifier format");
}

#[tokio::test]
async fn the_rows_of_the_error_table() {
    let app = TestApp::new().await;
    let (admin, id, _) = example(&app).await;
    let path = format!("/resources/{id}");
    let rename = json!({"name": "n"});
    let unauthorized = "Missing or invalid authentication token";
    expect::code(&app.anonymous().patch(&path, rename.clone()).await, 401, "UNAUTHORIZED", unauthorized);
    expect::code(
        &app.member().patch(&path, rename.clone()).await,
        403,
        "FORBIDDEN",
        "Requires the ORG_ADMIN role",
    );
    let missing = format!("/resources/{UNKNOWN}");
    let message = format!("Resource with ID {UNKNOWN} not found");
    expect::code(&admin.patch(&missing, rename).await, 404, "RESOURCE_NOT_FOUND", &message);
    let message = format!("Credential with ID {UNKNOWN} not found");
    let reply = admin.patch(&path, json!({"credentialId": UNKNOWN})).await;
    expect::code(&reply, 404, "CREDENTIAL_NOT_FOUND", &message);
    // The resource is looked for before its new credential.
    let reply = admin.patch(&missing, json!({"credentialId": UNKNOWN})).await;
    assert_eq!(reply.json["error"], "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn provider_and_type_cannot_be_changed_after_creation() {
    let app = TestApp::new().await;
    let (admin, id, _) = example(&app).await;
    let path = format!("/resources/{id}");
    let before = app.db_items().await;
    for (member, other) in [("provider", "GCP"), ("resourceType", "WAF_IP_SET")] {
        let body = Value::Object([(String::from(member), other.into())].into_iter().collect());
        let message = format!("{member} cannot be changed after creation");
        expect::code(&admin.patch(&path, body).await, 400, "VALIDATION_ERROR", &message);
    }
    let same = json!({"provider": "AWS", "resourceType": "SECURITY_GROUP"});
    let _ = admin.patch(&path, same).await.expect(200);
    assert_eq!(app.db_items().await, before);
}

#[tokio::test]
async fn the_new_credential_must_belong_to_the_same_organization() {
    let app = TestApp::new().await;
    let (admin, id, _) = example(&app).await;
    let foreign = uuid(&app.other_admin().new_credential("Theirs").await);
    let reply = admin.patch(&format!("/resources/{id}"), json!({"credentialId": foreign})).await;
    expect::code(&reply, 404, "CREDENTIAL_NOT_FOUND", &format!("Credential with ID {foreign} not found"));
}
