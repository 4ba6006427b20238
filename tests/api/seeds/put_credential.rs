//! Seed `PUT /credentials/:id/`.

use serde_json::json;
use support::{ADMIN, TestApp};

use crate::expect;

const MEMBERS: [&str; 14] = [
    "id",
    "uri",
    "name",
    "team",
    "description",
    "is_sensitive",
    "value",
    "created_at",
    "updated_at",
    "creator",
    "usage_count",
    "references",
    "provider",
    "credential_type",
];

#[tokio::test]
async fn the_response_has_the_members_of_the_page_and_their_types() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let id = admin.new_credential("AWS Account").await;
    let resource = admin.new_resource(&id).await;
    let role = admin.new_role("Engineers").await;
    let team = model::id::base58(role.parse().unwrap());
    app.advance_seconds(60);
    let request = json!({
        "name": "string", "team": team, "description": "string", "is_sensitive": true, "value": "s3cret",
    });
    let reply = admin.put(&format!("/credentials/{id}/"), request).await.expect(200);
    assert_eq!(reply.members(), MEMBERS);
    let expected = json!({
        "id": id,
        "uri": format!("credentials://{id}"),
        "name": "string",
        "team": team,
        "description": "string",
        "is_sensitive": true,
        "value": null,
        "created_at": "2026-02-18T10:30:00Z",
        "updated_at": "2026-02-18T10:31:00Z",
        "creator": {"id": "GPXmAhizavrUuoXNn3tzeA", "email": "7c9e@acme.example", "name": "Test Person"},
        "usage_count": 1,
        "references": [{
            "root_object_id": resource,
            "root_object_type": "Resource",
            "root_object_display_name": "Production API Gateway",
            "ui_reference_key": "credentialId",
        }],
        "provider": "AWS",
        "credential_type": null,
    });
    assert_eq!(reply.text, expected.to_string());
    assert_eq!(ADMIN, "7c9e6679-7425-40de-944b-e07fc1f90ae7");
}

#[tokio::test]
async fn the_error_examples_of_the_page() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let id = admin.new_credential("AWS Account").await;
    let path = format!("/credentials/{id}/");
    expect::body(
        &admin.put(&path, json!({"name": ""})).await,
        400,
        json!({"name": ["This field may not be blank."], "value": ["This field is required."]}),
    );
    expect::body(
        &admin.put(&path, json!({"name": "n", "value": null, "is_sensitive": false})).await,
        400,
        json!({"non_field_errors": ["A new value is required to make a sensitive credential readable."]}),
    );
    let wrong = app.bearer("garbage").put(&path, json!({})).await;
    expect::body(&wrong, 401, json!({"detail": "Incorrect authentication credentials."}));
    expect::body(
        &admin.put("/credentials/BWBeN28Vb7cMEx7Ym8AUzs/", json!({})).await,
        404,
        json!({"detail": "Not found."}),
    );
    app.proxy.fail_next(
        "Query",
        400,
        &json!({"__type": "com.amazonaws.dynamodb.v20120810#ValidationException"}),
    );
    let broken = admin.put(&path, json!({"name": "n", "value": "v"})).await;
    expect::body(&broken, 500, json!({"detail": "Unexpected error while handling your request."}));
}
