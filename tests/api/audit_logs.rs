//! `GET /audit-logs`: pages, filters, cursors.

use serde_json::{Value, json};
use support::{Client, TestApp};

use crate::expect;

/// Six rows, a second apart: a credential, a role, three resources, a link.
async fn written(app: &TestApp) -> (Client, String, String) {
    let admin = app.admin();
    let credential = admin.new_credential("AWS Account").await;
    app.advance_seconds(1);
    let role = admin.new_role("Engineers").await;
    let mut resource = String::new();
    for _ in 0..3 {
        app.advance_seconds(1);
        resource = admin.new_resource(&credential).await;
    }
    app.advance_seconds(1);
    let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    (admin, role, resource)
}

fn events(page: &Value) -> Vec<&str> {
    page["content"].as_array().unwrap().iter().map(|row| row["eventType"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_row_has_the_members_of_the_contract() {
    let app = TestApp::new().await;
    let (admin, role, resource) = written(&app).await;
    let page = admin.get("/audit-logs?limit=1").await.expect(200);
    assert_eq!(page.members(), ["content", "nextCursor"]);
    let row = &page.json["content"][0];
    let expected = json!({
        "id": row["id"], "eventType": "ROLE_RESOURCE_ASSIGN", "actorId": support::ADMIN,
        "actorEmail": "7c9e@acme.example", "actorType": "USER", "apiKeyId": null, "resourceType": "ROLE", "resourceId": role,
        "resourceName": null, "result": "SUCCESS", "ipAddress": "203.0.113.7", "requestId": row["requestId"],
        "details": {"resourceId": resource}, "createdAt": "2026-02-18T10:30:05.000Z",
    });
    assert_eq!(row.to_string(), expected.to_string());
}

#[tokio::test]
async fn pages_are_newest_first_and_survive_inserts() {
    let app = TestApp::new().await;
    let (admin, _, _) = written(&app).await;
    let whole = admin.get("/audit-logs").await.expect(200).json;
    let newest_first = [
        "ROLE_RESOURCE_ASSIGN",
        "RESOURCE_CREATE",
        "RESOURCE_CREATE",
        "RESOURCE_CREATE",
        "ROLE_CREATE",
        "CREDENTIAL_CREATE",
    ];
    assert_eq!((events(&whole), &whole["nextCursor"]), (newest_first.to_vec(), &Value::Null));
    for limit in 1..=7 {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = admin.get(&format!("/audit-logs?limit={limit}{cursor}")).await.expect(200).json;
            rows.extend(page["content"].as_array().unwrap().iter().map(|row| row["id"].clone()));
            // What is written meanwhile is newer than every position.
            app.advance_seconds(1);
            let _ = admin.new_role(&format!("Role {limit} {}", rows.len())).await;
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let first = rows.iter().position(|id| *id == whole["content"][0]["id"]).unwrap();
        let seen: Vec<_> = whole["content"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
        assert_eq!(rows[first..], seen, "limit {limit}");
    }
}

#[tokio::test]
async fn filters_pick_rows() {
    let app = TestApp::new().await;
    let (admin, role, resource) = written(&app).await;
    for (query, count) in [
        ("eventType=RESOURCE_CREATE".into(), 3),
        (format!("resourceId={resource}"), 1),
        (format!("resourceId={role}"), 2),
        (format!("resourceId={role}&eventType=ROLE_CREATE"), 1),
        (format!("actorId={}", support::ADMIN), 6),
        ("actorId=nobody".into(), 0),
        ("from=2026-02-18T10:30:02Z".into(), 4),
        ("to=2026-02-18T10:30:02Z".into(), 3),
        ("from=2026-02-18T10:30:02Z&to=2026-02-18T10:30:03Z".into(), 2),
        ("from=2026-02-18T11:30:02%2B01:00&eventType=RESOURCE_CREATE".into(), 3),
        ("from=2026-02-18T10:30:06Z".into(), 0),
    ] {
        let page = admin.get(&format!("/audit-logs?{query}")).await.expect(200).json;
        assert_eq!(events(&page).len(), count, "{query}");
    }
    let page = admin.get("/audit-logs?eventType=RESOURCE_CREATE&limit=2").await.json;
    let next = page["nextCursor"].as_str().unwrap();
    // A cursor may name a position outside the times of another query.
    for (times, count) in [("to=2026-02-18T10:30:00Z", 1), ("from=2026-02-18T10:30:05Z", 0)] {
        let page = admin.get(&format!("/audit-logs?{times}&cursor={next}")).await.expect(200).json;
        assert_eq!((events(&page).len(), &page["nextCursor"]), (count, &Value::Null), "{times}");
    }
    let rest = admin.get(&format!("/audit-logs?eventType=RESOURCE_CREATE&limit=2&cursor={next}")).await.json;
    assert_eq!((events(&page).len(), events(&rest).len(), &rest["nextCursor"]), (2, 1, &Value::Null));
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let limit = "limit must be a whole number from 1 to 500";
    for (query, field, message) in [
        ("limit=0", "limit", limit),
        ("limit=501", "limit", limit),
        ("limit=x", "limit", limit),
        ("from=yesterday", "from", "from must be a time, such as 2026-02-18T10:30:00Z"),
        ("to=2026", "to", "to must be a time, such as 2026-02-18T10:30:00Z"),
        ("from=2026-02-18T10:30:04Z&to=2026-02-18T10:30:02Z", "to", "to must not be before from"),
        ("cursor=x", "cursor", "cursor was not made for this list"),
    ] {
        let reply = admin.get(&format!("/audit-logs?{query}")).await;
        let fields: Value = [(String::from(field), Value::from(message))].into_iter().collect();
        expect::invalid(&reply, "/audit-logs", fields);
    }
}

#[tokio::test]
async fn a_cursor_works_only_in_its_own_log() {
    let app = TestApp::new().await;
    let (admin, _, _) = written(&app).await;
    let cursor = admin.get("/audit-logs?limit=1").await.json["nextCursor"].as_str().unwrap().to_owned();
    let path = format!("/audit-logs?cursor={cursor}");
    let _ = admin.get(&path).await.expect(200);
    let foreign = app.other_admin().get(&path).await.expect(400);
    assert_eq!(foreign.json["validationErrors"], json!({"cursor": "cursor was not made for this list"}));
    assert_eq!(app.other_admin().get("/audit-logs").await.json, json!({"content": [], "nextCursor": null}));
}

#[tokio::test]
async fn a_filter_that_leaves_out_thousands_of_rows_still_pages() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let _ = admin.new_credential("the needle").await;
    for number in 0..1100 {
        app.advance_seconds(1);
        let _ = admin.new_role(&format!("Role {number}")).await;
    }
    app.proxy.take_calls();
    let page = admin.get("/audit-logs?eventType=CREDENTIAL_CREATE").await.expect(200).json;
    assert_eq!((events(&page), app.proxy.take_calls().len()), (vec!["CREDENTIAL_CREATE"], 2));
}
