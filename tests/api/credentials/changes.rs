//! `PATCH` and `DELETE /credentials/{id}/`.

use model::audit::AuditEvent;
use serde_json::{Value, json};
use support::{TestApp, resource_body};

use super::{Encoding, admin_with_credential};
use crate::expect;

#[tokio::test]
async fn a_patch_changes_what_it_names_and_nothing_else() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let before = admin.get(&path).await.json;
    app.advance_seconds(60);
    let reply = admin.patch(&path, json!({"description": "rotated in March"})).await.expect(200);
    let mut expected = before.clone();
    expected["description"] = "rotated in March".into();
    expected["updated_at"] = "2026-02-18T10:31:00Z".into();
    assert_eq!(reply.json, expected);
    let items = app.db_items().await;
    for body in [json!({}), json!({"value": null}), json!({"name": " AWS Account "}), reply.json.clone()] {
        assert_eq!(admin.patch(&path, body).await.expect(200).text, reply.text);
    }
    assert_eq!(app.db_items().await, items);
}

#[tokio::test]
async fn a_patch_in_a_form_has_the_same_result() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let form = Some("application/x-www-form-urlencoded");
    let full = format!("/api/v1{path}");
    let reply = admin.send("PATCH", &full, form, b"name=New&value=".to_vec()).await.expect(200);
    assert_eq!((&reply.json["name"], &reply.json["is_sensitive"]), (&json!("New"), &json!(true)));
    assert_ne!(Encoding::Form, Encoding::Json);
}

#[tokio::test]
async fn a_patch_has_the_rules_of_put() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    for (body, error) in [
        (json!({"name": ""}), json!({"name": ["This field may not be blank."]})),
        (json!({"value": ""}), json!({"value": ["This field may not be blank."]})),
        (
            json!({"is_sensitive": false}),
            json!({"non_field_errors": ["A new value is required to make a sensitive credential readable."]}),
        ),
    ] {
        expect::body(&admin.patch(&path, body).await, 400, error);
    }
    let reply = admin.patch(&path, json!({"is_sensitive": false, "value": "new"})).await.expect(200);
    assert_eq!(reply.json["value"], "new");
    let reply = admin.patch(&path, json!({"is_sensitive": true})).await.expect(200);
    assert_eq!(reply.json["value"], Value::Null);
    let unknown = admin.patch("/credentials/BWBeN28Vb7cMEx7Ym8AUzs/", json!({})).await;
    expect::body(&unknown, 404, json!({"detail": "Not found."}));
}

#[tokio::test]
async fn a_credential_in_use_is_not_deleted() {
    let app = TestApp::new().await;
    let (admin, path) = admin_with_credential(&app).await;
    let id = path.trim_matches('/').rsplit('/').next().unwrap();
    let (first, second) = (admin.new_resource(id).await, admin.new_resource(id).await);
    let before = app.db_objects().await;
    for (count, resources) in [(2, "2 resources"), (1, "1 resource")] {
        let sentence =
            format!("Cannot delete credential linked to {resources}. Delete or reassign them first.");
        expect::body(&admin.delete(&path).await, 400, json!({"non_field_errors": [sentence]}));
        if count == 2 {
            assert_eq!(app.db_objects().await, before);
            let _ = admin.delete(&format!("/resources/{first}")).await.expect(204);
        }
    }
    let other = admin.new_credential("Other").await;
    let _ = admin.patch(&format!("/resources/{second}"), json!({"credentialId": other})).await.expect(200);
    let _ = admin.delete(&path).await.expect(204);
    expect::body(&admin.delete(&path).await, 404, json!({"detail": "Not found."}));
    assert_eq!(app.db_audit().await.pop().unwrap().event_type, AuditEvent::CredentialDelete);
    let left: Vec<_> = app
        .db_objects()
        .await
        .into_keys()
        .filter(|(pk, _)| pk.contains(&model::id::CredentialId::parse_any(id).unwrap().to_string()))
        .collect();
    assert_eq!(left, []);
}

/// In either order, no resource names a deleted credential.
#[tokio::test(flavor = "multi_thread")]
async fn creating_a_resource_races_with_deleting_its_credential() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (mut created, mut deleted) = (0, 0);
    for _ in 0..200 {
        let id = admin.new_credential("AWS Account").await;
        let path = format!("/credentials/{id}/");
        let (one, other) = (admin.clone(), admin.clone());
        let body = resource_body(&id);
        let create = tokio::spawn(async move { one.post("/resources", body).await });
        let delete = tokio::spawn(async move { other.delete(&path).await });
        let (create, delete) = (create.await.unwrap(), delete.await.unwrap());
        match (create.status.as_u16(), delete.status.as_u16()) {
            (201, 400) => created += 1,
            (404, 204) => deleted += 1,
            both => panic!("{both:?}"),
        }
    }
    assert_eq!(created + deleted, 200);
    let resources = admin.get("/resources").await.json;
    assert_eq!(resources.as_array().unwrap().len(), created);
}
