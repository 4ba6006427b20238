//! `GET /me`: the caller, and the resources that a session of theirs would open.

use serde_json::{Value, json};
use support::{Client, ORG, TestApp};

use crate::expect;

fn me(app: &TestApp, id: &str) -> Client {
    app.bearer(&app.token(id, ORG, &["USER"]))
}

async fn active_resource(admin: &Client, name: &str) -> String {
    let credential = admin.new_credential("AWS").await;
    let id = admin.new_resource(&credential).await;
    let _ =
        admin.patch(&format!("/resources/{id}"), json!({"name": name, "isActive": true})).await.expect(200);
    id
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|object| object["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_unknown_person_gets_one_entry() {
    let app = TestApp::new().await;
    let shown = me(&app, "grace").get("/me").await.expect(200);
    let expected = json!({
        "id": "grace", "email": "grac@acme.example", "name": "Test Person", "organization": ORG, "isOrgAdmin": false,
        "roles": [], "resources": [],
    });
    assert_eq!(shown.text, expected.to_string());
    let _ = me(&app, "grace").get("/me").await.expect(200);
    let users = app.admin().get("/users").await.expect(200).json;
    assert_eq!((users.as_array().unwrap().len(), &users[0]["id"]), (1, &json!("grace")));
    let rows = app.db_audit().await;
    assert_eq!((rows.len(), rows[0].actor_id.as_str(), rows[0].resource_id.as_str()), (1, "grace", "grace"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn simultaneous_first_requests_make_one_entry() {
    let app = TestApp::new().await;
    let grace = me(&app, "grace");
    let replies = futures_util::future::join_all((0..10).map(|_| grace.get("/me"))).await;
    assert!(replies.iter().all(|reply| reply.status == 200 && reply.text == replies[0].text));
    assert_eq!(app.db_audit().await.len(), 1);
}

#[tokio::test]
async fn a_person_reaches_active_resources_through_roles_and_directly() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (through, direct) =
        (active_resource(&admin, "through").await, active_resource(&admin, "direct").await);
    let (both, none) = (active_resource(&admin, "both").await, active_resource(&admin, "none").await);
    let sleeping = active_resource(&admin, "sleeping").await;
    let _ = admin.patch(&format!("/resources/{sleeping}"), json!({"isActive": false})).await.expect(200);
    let (role, user) = (admin.new_role("Engineers").await, admin.new_user("grace").await);
    for resource in [&through, &both, &sleeping] {
        let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    }
    for resource in [&direct, &both] {
        let _ = admin.post_empty(&format!("/users/{user}/resources/{resource}")).await.expect(200);
    }
    let _ = admin.post_empty(&format!("/roles/{role}/users/{user}")).await.expect(200);
    let shown = me(&app, "grace").get("/me").await.expect(200).json;
    assert_eq!(names(&shown["resources"]), ["through", "direct", "both"]);
    assert_eq!(shown["roles"], json!([{"id": role, "name": "Engineers", "maxSessionDurationHours": null}]));
    let expected = json!({
        "id": through, "name": "through", "provider": "AWS", "resourceType": "SECURITY_GROUP",
        "resourceIdentifier": "sg-0abc123def456", "region": "eu-central-1",
    });
    assert_eq!(shown["resources"][0], expected, "nothing of how it is reached");
    let shown = admin.get("/me").await.expect(200).json;
    assert_eq!(
        names(&shown["resources"]),
        ["through", "direct", "both", "none"],
        "an administrator's is everything"
    );
    let _ = admin.delete(&format!("/roles/{role}")).await.expect(204);
    let _ = admin.delete(&format!("/resources/{none}")).await.expect(204);
    let shown = me(&app, "grace").get("/me").await.expect(200).json;
    assert_eq!((names(&shown["resources"]), &shown["roles"]), (vec!["direct", "both"], &json!([])));
}

#[tokio::test]
async fn a_deactivated_person_is_refused() {
    let app = TestApp::new().await;
    let user = app.admin().new_user("grace").await;
    let path = format!("/users/{user}");
    let _ = app.admin().patch(&path, json!({"isActive": false})).await.expect(200);
    let reply = me(&app, "grace").get("/me").await;
    expect::reason(&reply, 403, "Forbidden", "This user was deactivated", "/me");
    let _ = app.admin().patch(&path, json!({"isActive": true})).await.expect(200);
    let _ = me(&app, "grace").get("/me").await.expect(200);
}

#[tokio::test]
async fn an_email_of_another_person_is_left_out() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let body = json!({"id": "somebody", "email": "grac@acme.example"});
    let _ = admin.post("/users", body).await.expect(201);
    let role = admin.new_role("Engineers").await;
    let _ = admin.post_empty(&format!("/roles/{role}/users/somebody")).await.expect(200);
    let shown = me(&app, "grace").get("/me").await.expect(200).json;
    assert_eq!((&shown["email"], &shown["roles"]), (&Value::Null, &json!([])));
}

#[tokio::test]
async fn a_key_acts_as_its_maker_without_their_administrator_role() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let _ = active_resource(&admin, "any").await;
    let key = app.caller(&[("x-api-key", &admin.new_api_key(&["audit:read"]).await)]);
    let shown = key.get("/me").await.expect(200).json;
    assert_eq!((&shown["id"], &shown["isOrgAdmin"]), (&json!(support::ADMIN), &json!(false)));
    assert_eq!(shown["resources"], json!([]));
}
