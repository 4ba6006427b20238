//! `/users`: the directory.

use serde_json::{Value, json};
use support::{Client, TestApp};

use crate::expect;

#[tokio::test]
async fn a_new_user_has_the_members_of_the_contract() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let body = json!({"id": "auth0.grace", "email": "Grace@acme.example", "name": "Grace"});
    let reply = admin.post("/users", body).await.expect(201);
    let expected = json!({
        "id": "auth0.grace", "email": "Grace@acme.example", "name": "Grace", "isActive": true, "invited": false, "roleIds": [],
        "resourceIds": [], "createdAt": expect::NOW, "updatedAt": expect::NOW,
    });
    assert_eq!(reply.text, expected.to_string());
    assert_eq!(admin.get("/users/auth0.grace").await.expect(200).text, reply.text);
    let bare = admin.post("/users", json!({"email": "bare@acme.example"})).await.expect(201);
    assert_eq!((bare.id().len(), &bare.json["name"]), (36, &Value::Null));
    assert_eq!(admin.get("/users").await.expect(200).json, json!([reply.json, bare.json]));
}

#[tokio::test]
async fn an_id_and_an_email_are_taken_once_in_an_organization() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let _ = admin.new_user("grace").await;
    let before = app.db_items().await;
    for (body, message) in [
        (json!({"id": "grace", "email": "other@acme.example"}), "A user with id 'grace' already exists"),
        (json!({"email": "GRACE@acme.example"}), "A user with email 'GRACE@acme.example' already exists"),
        (json!({"id": "grace", "email": "grace@acme.example"}), "A user with id 'grace' already exists"),
    ] {
        expect::reason(&admin.post("/users", body).await, 400, "Bad Request", message, "/users");
        assert_eq!(app.db_items().await, before);
    }
    let _ = app.other_admin().new_user("grace").await;
}

#[tokio::test]
async fn an_email_is_free_again_when_its_user_changes_or_goes() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (grace, ada) = (admin.new_user("grace").await, admin.new_user("ada").await);
    let path = format!("/users/{ada}");
    let message = "A user with email 'grace@acme.example' already exists";
    let reply = admin.patch(&path, json!({"email": "grace@acme.example"})).await;
    expect::reason(&reply, 400, "Bad Request", message, &path);
    let moved = json!({"email": "g@acme.example"});
    let _ = admin.patch(&format!("/users/{grace}"), moved).await.expect(200);
    let _ = admin.patch(&path, json!({"email": "grace@acme.example"})).await.expect(200);
    let _ = admin.delete(&path).await.expect(204);
    let _ = admin.patch(&format!("/users/{grace}"), json!({"email": "GRACE@acme.example"})).await.expect(200);
    let own = json!({"email": "Grace@acme.example"});
    let reply = admin.patch(&format!("/users/{grace}"), own).await.expect(200);
    assert_eq!(reply.json["email"], "Grace@acme.example", "the case of the own email may change");
    let _ = admin.post("/users", json!({"id": "ada", "email": "ada@acme.example"})).await.expect(201);
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_is_on_record() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let user = admin.new_user("grace").await;
    let path = format!("/users/{user}");
    app.advance_seconds(60);
    let before = app.db_items().await;
    let shown = admin.get(&path).await.expect(200);
    for body in [json!({}), json!({"name": "grace", "isActive": true}), shown.json.clone()] {
        assert_eq!(admin.patch(&path, body).await.expect(200).text, shown.text);
        assert_eq!(app.db_items().await, before);
    }
    let reply = admin.patch(&path, json!({"name": null, "isActive": false})).await.expect(200);
    assert_eq!((&reply.json["name"], &reply.json["isActive"]), (&Value::Null, &json!(false)));
    assert_eq!(reply.json["updatedAt"], "2026-02-18T10:31:00Z");
    let row = admin.get("/audit-logs?eventType=USER_UPDATE").await.expect(200).json["content"][0].clone();
    let changes = json!({"name": {"from": "grace", "to": null}, "isActive": {"from": true, "to": false}});
    assert_eq!((&row["details"]["changes"], &row["resourceId"]), (&changes, &json!("grace")));
    assert_eq!((&row["resourceType"], &row["resourceName"]), (&json!("USER"), &json!("grace@acme.example")));
}

#[tokio::test]
async fn each_member_is_checked() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let user = admin.new_user("grace").await;
    let path = format!("/users/{user}");
    let before = app.db_items().await;
    for (body, fields) in [
        (json!({}), json!({"email": "email is required"})),
        (json!({"email": "grace"}), json!({"email": "Invalid email format"})),
        (
            json!({"email": 5, "id": "a b", "name": ""}),
            json!({"id": "id must have 1 to 128 letters, digits or -._~!$&'()*+;=:@|/\\", "email": "email must be a string", "name": "name must not be blank"}),
        ),
        (json!({"email": "a@b.example", "roleIds": []}), json!({"roleIds": "Unknown field: roleIds"})),
    ] {
        expect::invalid(&admin.post("/users", body).await, "/users", fields);
    }
    for (body, fields) in [
        (json!({"email": null}), json!({"email": "email must not be null"})),
        (json!({"isActive": "yes"}), json!({"isActive": "isActive must be true or false"})),
        (json!({"isOrgAdmin": true}), json!({"isOrgAdmin": "Unknown field: isOrgAdmin"})),
    ] {
        expect::invalid(&admin.patch(&path, body).await, &path, fields);
    }
    assert_eq!(app.db_items().await, before);
    for method in ["get", "delete"] {
        let (unknown, bad) = match method {
            "get" => (admin.get("/users/nobody").await, admin.get("/users/a%20b").await),
            _ => (admin.delete("/users/nobody").await, admin.delete("/users/a%20b").await),
        };
        expect::reason(&unknown, 404, "Not Found", "User not found with id: nobody", "/users/nobody");
        expect::invalid(
            &bad,
            "/users/a%20b",
            json!({"id": "id must have 1 to 128 letters, digits or -._~!$&'()*+;=:@|/\\"}),
        );
    }
}

/// Users who were created a second apart, with ids in another order.
async fn came(app: &TestApp) -> (Client, Vec<String>) {
    let mut ids = Vec::new();
    for id in ["zoe", "mia", "ada", "kim", "bob"] {
        app.advance_seconds(1);
        ids.push(app.admin().new_user(id).await);
    }
    (app.admin(), ids)
}

#[tokio::test]
async fn the_list_is_in_order_of_creation_page_by_page() {
    let app = TestApp::new().await;
    let (admin, ids) = came(&app).await;
    let whole = admin.get("/users").await.expect(200).json;
    let shown: Vec<_> = whole.as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap()).collect();
    assert_eq!(shown, ids);
    let first = admin.get("/users?limit=2").await.expect(200);
    let link = first.header("link").unwrap();
    let path = link.split_once(">; rel=\"next\"").unwrap().0.strip_prefix("</api/v1").unwrap().to_owned();
    let rest = admin.get(&path.replace("limit=2", "limit=500")).await.expect(200);
    assert_eq!((&first.json[1], &rest.json[0]), (&whole[1], &whole[2]));
    assert_eq!((rest.json.as_array().unwrap().len(), rest.header("link")), (3, None));
    let foreign = app.other_admin().get(&path).await.expect(400);
    assert_eq!(foreign.json["validationErrors"], json!({"cursor": "cursor was not made for this list"}));
}

#[tokio::test]
async fn a_deleted_user_leaves_no_link_behind() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let user = admin.new_user("grace").await;
    let (role, other) = (admin.new_role("Engineers").await, admin.new_user("ada").await);
    let _ = admin.post_empty(&format!("/roles/{role}/users/{user}")).await.expect(200);
    let _ = admin.post_empty(&format!("/roles/{role}/users/{other}")).await.expect(200);
    // These are too many for one transaction.
    for _ in 0..120 {
        let resource = admin.new_resource(&credential).await;
        let _ = admin.post_empty(&format!("/users/{user}/resources/{resource}")).await.expect(200);
    }
    let _ = admin.delete(&format!("/users/{user}")).await.expect(204);
    let left = app.db_objects().await;
    assert!(left.iter().all(|((pk, sk), item)| !format!("{pk}{sk}{item}").contains("grace")), "{left:?}");
    assert_eq!(admin.get(&format!("/roles/{role}")).await.expect(200).json["userIds"], json!([other]));
}
