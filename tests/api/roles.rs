//! `/roles`: creation and reading. Links are in `seeds`.

use serde_json::{Value, json};
use support::TestApp;

use crate::expect;

#[tokio::test]
async fn a_new_role_has_no_links() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let body = json!({"name": "Engineers", "description": "Who is on call", "maxSessionDurationHours": 48});
    let reply = admin.post("/roles", body).await.expect(201);
    let expected = json!({
        "id": reply.id(), "name": "Engineers", "description": "Who is on call", "maxSessionDurationHours": 48,
        "resourceIds": [], "userIds": [], "createdAt": "2026-02-18T10:30:00Z", "updatedAt": "2026-02-18T10:30:00Z",
    });
    assert_eq!(reply.text, expected.to_string());
    assert_eq!(admin.get(&format!("/roles/{}", reply.id())).await.expect(200).text, reply.text);
    let bare = admin.post("/roles", json!({"name": "Bare", "description": null})).await.expect(201);
    assert_eq!(
        (&bare.json["description"], &bare.json["maxSessionDurationHours"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn a_name_is_taken_once_in_an_organization() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let _ = admin.new_role("Engineers").await;
    let before = app.db_items().await;
    let reply = admin.post("/roles", json!({"name": "Engineers"})).await;
    let message = "A role with name 'Engineers' already exists";
    expect::reason(&reply, 400, "Bad Request", message, "/roles");
    assert_eq!(app.db_items().await, before);
    let _ = app.other_admin().new_role("Engineers").await;
    let _ = admin.new_role("engineers").await;
    let _ = admin.new_role("ORG#acme#ROLE_NAME#x").await;
}

#[tokio::test]
async fn creation_checks_each_member() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for (body, fields) in [
        (json!({}), json!({"name": "name is required"})),
        (json!({"name": null}), json!({"name": "name must not be null"})),
        (json!({"name": " "}), json!({"name": "name must not be blank"})),
        (json!({"name": "x".repeat(256)}), json!({"name": "name must have at most 255 characters"})),
        (
            json!({"name": 5, "description": 5}),
            json!({"name": "name must be a string", "description": "description must be a string"}),
        ),
        (
            json!({"name": "n", "description": "x".repeat(1025)}),
            json!({"description": "description must have at most 1024 characters"}),
        ),
        (
            json!({"name": "n", "maxSessionDurationHours": 0}),
            json!({"maxSessionDurationHours": "maxSessionDurationHours must be a whole number from 1 to 8784"}),
        ),
        (
            json!({"name": "n", "maxSessionDurationHours": 8785}),
            json!({"maxSessionDurationHours": "maxSessionDurationHours must be a whole number from 1 to 8784"}),
        ),
        (
            json!({"name": "n", "maxSessionDurationHours": 1.5}),
            json!({"maxSessionDurationHours": "maxSessionDurationHours must be a whole number from 1 to 8784"}),
        ),
        (json!({"name": "n", "id": "x"}), json!({"id": "Unknown field: id"})),
    ] {
        expect::invalid(&admin.post("/roles", body).await, "/roles", fields);
    }
    for hours in [json!(1), json!(8784), json!(8.0)] {
        let body = json!({"name": hours.to_string(), "maxSessionDurationHours": hours});
        let reply = admin.post("/roles", body).await.expect(201);
        assert_eq!(reply.json["maxSessionDurationHours"].as_u64(), hours.as_f64().map(|hours| hours as u64));
    }
}

#[tokio::test]
async fn the_list_has_each_role_with_its_links_in_order_of_creation() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS Account").await;
    let (mut roles, mut resources) = (Vec::new(), Vec::new());
    for number in 0..3 {
        app.advance_seconds(1);
        roles.push(admin.new_role(&format!("Role {number}")).await);
        resources.push(admin.new_resource(&credential).await);
    }
    for (role, resource) in [(0, 2), (0, 1), (2, 0)] {
        let path = format!("/roles/{}/resources/{}", roles[role], resources[resource]);
        let _ = admin.post_empty(&path).await.expect(200);
    }
    let list = admin.get("/roles").await.expect(200).json;
    let summary: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|role| (role["id"].clone(), role["resourceIds"].clone()))
        .collect();
    assert_eq!(
        summary,
        [
            (json!(roles[0]), json!([resources[1], resources[2]])),
            (json!(roles[1]), json!([])),
            (json!(roles[2]), json!([resources[0]])),
        ]
    );
    assert_eq!(list[0], admin.get(&format!("/roles/{}", roles[0])).await.json);
}

#[tokio::test]
async fn impossible_ids_are_400_and_unknown_ones_404() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let good = "550e8400-e29b-41d4-a716-446655440000";
    expect::invalid(&admin.get("/roles/x").await, "/roles/x", json!({"id": "id must be a UUID"}));
    let path = format!("/roles/{good}/resources/8d0f7780-8536-51f0-c958-f18ed2g01bf8");
    expect::invalid(
        &admin.post_empty(&path).await,
        &path,
        json!({"resourceId": "resourceId must be a UUID"}),
    );
    expect::invalid(&admin.delete(&path).await, &path, json!({"resourceId": "resourceId must be a UUID"}));
    let path = format!("/roles/{good}");
    let message = format!("Role not found with id: {good}");
    expect::reason(&admin.get(&path).await, 404, "Not Found", &message, &path);
}

#[tokio::test]
async fn a_patch_of_a_role_changes_only_the_named_members() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let body = json!({"name": "Engineers", "description": "d", "maxSessionDurationHours": 4});
    let role = admin.post("/roles", body).await.expect(201);
    let path = format!("/roles/{}", role.id());
    app.advance_seconds(60);
    for (body, member, value) in [
        (json!({"name": "Operators"}), "name", json!("Operators")),
        (json!({"description": null}), "description", Value::Null),
        (json!({"maxSessionDurationHours": 48}), "maxSessionDurationHours", json!(48)),
        (json!({"maxSessionDurationHours": null}), "maxSessionDurationHours", Value::Null),
    ] {
        let reply = admin.patch(&path, body).await.expect(200);
        assert_eq!(reply.json[member], value);
        assert_eq!(reply.json["updatedAt"], "2026-02-18T10:31:00Z");
        assert_eq!(admin.get(&path).await.text, reply.text);
    }
    let details = app.db_audit().await.pop().unwrap().details().unwrap();
    assert_eq!(
        Value::Object(details),
        json!({"changes": {"maxSessionDurationHours": {"from": 48, "to": null}}})
    );
}

#[tokio::test]
async fn an_update_of_a_role_that_changes_nothing_writes_nothing() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (role, resource) = admin.new_role_and_resource().await;
    let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    let path = format!("/roles/{role}");
    let shown = admin.get(&path).await;
    let before = app.db_items().await;
    let unknown = admin.patch(&path, json!({"colour": 1, "name": null})).await;
    let fields = json!({"name": "name must not be null", "colour": "Unknown field: colour"});
    expect::invalid(&unknown, &path, fields);
    app.advance_seconds(60);
    for body in [json!({}), json!({"name": "Engineers"}), shown.json.clone()] {
        assert_eq!(admin.patch(&path, body).await.expect(200).text, shown.text);
    }
    assert_eq!(app.db_items().await, before);
}

#[tokio::test]
async fn a_rename_frees_the_old_name_and_takes_the_new_one() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (first, second) = (admin.new_role("First").await, admin.new_role("Second").await);
    let path = format!("/roles/{first}");
    let taken = admin.patch(&path, json!({"name": "Second"})).await;
    expect::reason(&taken, 400, "Bad Request", "A role with name 'Second' already exists", &path);
    let _ = admin.patch(&path, json!({"name": "Third"})).await.expect(200);
    let _ = admin.patch(&format!("/roles/{second}"), json!({"name": "First"})).await.expect(200);
    let _ = admin.new_role("Second").await;
    let again = admin.post("/roles", json!({"name": "Third"})).await.expect(400);
    assert_eq!(again.json["message"], "A role with name 'Third' already exists");
}

#[tokio::test]
async fn a_deleted_role_leaves_nothing_but_its_audit_rows() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS Account").await;
    for links in [0, 1, 48, 49, 60] {
        let role = admin.new_role("Engineers").await;
        for _ in 0..links {
            let resource = admin.new_resource(&credential).await;
            let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
        }
        let _ = admin.delete(&format!("/roles/{role}")).await.expect(204);
        let left: Vec<_> = app
            .db_items()
            .await
            .into_iter()
            // Its shards stay for an hour, so that no start makes them anew.
            .filter(|((pk, sk), item)| {
                !pk.ends_with("#AUDIT")
                    && sk != "#SHARD"
                    && (pk.contains(&role) || sk.contains(&role) || item.contains(&role))
            })
            .collect();
        assert_eq!(left, [], "{links} links");
        let path = format!("/roles/{role}");
        let message = format!("Role not found with id: {role}");
        expect::reason(&admin.get(&path).await, 404, "Not Found", &message, &path);
        expect::reason(&admin.delete(&path).await, 404, "Not Found", &message, &path);
        expect::reason(&admin.patch(&path, json!({})).await, 404, "Not Found", &message, &path);
    }
}

#[tokio::test]
async fn a_credential_keeps_the_team_that_was_deleted() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let role = admin.new_role("Engineers").await;
    let team = model::id::base58(role.parse().unwrap());
    let body = json!({"name": "n", "value": "v", "team": team});
    let id = admin.post("/credentials/", body).await.expect(201).id();
    let _ = admin.delete(&format!("/roles/{role}")).await.expect(204);
    let path = format!("/credentials/{id}/");
    assert_eq!(
        admin.get(&path).await.expect(200).json["team"],
        json!(team),
        "it does not become everybody's"
    );
    let reply = admin.patch(&path, json!({"team": null})).await.expect(200);
    assert_eq!(reply.json["team"], Value::Null);
}
