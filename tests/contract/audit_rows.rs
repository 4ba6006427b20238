//! Every route that changes something leaves exactly one row of the audit log, in the transaction of the change.

use model::id::ResourceId;
use serde_json::{Value, json};
use support::{ADMIN, TestApp};

use web::access::Level;

use crate::access_matrix::levels;
use crate::repository::{assert_nothing_wrong, exact_routes};
use support::objects::{body, open_the_cloud, path};

/// The routes that change something.
fn changing_routes() -> Vec<(String, String)> {
    exact_routes().into_iter().filter(|(method, _)| method != "GET").collect()
}

/// What is wrong with the rows that a request left.
fn faults(left: &[Value], result: &str) -> Option<String> {
    let [row] = left else { return Some(format!("{} rows and not one: {left:?}", left.len())) };
    let row = &row["data"];
    let known = row["actorId"] == ADMIN && row["ipAddress"] == "203.0.113.7" && row["result"] == result;
    (!known).then(|| format!("actor, address or result are wrong in {row}"))
}

#[tokio::test]
async fn every_change_leaves_exactly_one_row() {
    let app = TestApp::new().await;
    open_the_cloud(&app);
    let (admin, mut wrong) = (app.admin(), Vec::new());
    for (number, (method, route)) in changing_routes().into_iter().enumerate() {
        let path = path(&app, &admin, &method, &route).await;
        let body = body(&admin, &method, &route, number).await.map(|body| body.to_string());
        let media_type = body.as_ref().map(|_| "application/json");
        let before = app.db_table().await;
        app.proxy.take_calls();
        let reply = admin.send(&method, &path, media_type, body.unwrap_or_default().into_bytes()).await;
        assert!(reply.status.is_success(), "{method} {route}: {}", reply.text);
        let calls = app.proxy.take_calls();
        let transactions = calls.iter().filter(|call| *call == "TransactWriteItems").count();
        let after = app.db_table().await;
        let left = after.iter().filter(|(at, item)| item["entity"] == "AUDIT" && !before.contains_key(*at));
        let (system, left): (Vec<_>, Vec<_>) =
            left.map(|(_, item)| item.clone()).partition(|row| row["data"]["actorType"] == "SYSTEM");
        // What Postern does in consequence has rows of its own, each in its transaction.
        if transactions != 1 + system.len() {
            wrong.push(format!("{method} {route}: {transactions} transactions and {} rows", left.len()));
        }
        wrong.extend(faults(&left, "SUCCESS").map(|fault| format!("{method} {route}: {fault}")));
    }
    assert_nothing_wrong(&wrong);
}

#[tokio::test]
async fn every_denied_change_leaves_exactly_one_row_and_nothing_else() {
    let app = TestApp::new().await;
    let (admin, mut wrong) = (app.admin(), Vec::new());
    let key = app.caller(&[("x-api-key", &admin.new_api_key(&["resources:read"]).await)]);
    let levels = levels();
    for (method, route) in changing_routes() {
        let is_for_members = matches!(levels[&format!("{method} {route}")], Level::MemberOrKey(_));
        let path = path(&app, &admin, &method, &route).await;
        for (caller, kind, actor) in [(app.member(), "USER", "member"), (key.clone(), "API_KEY", ADMIN)] {
            if is_for_members && kind == "USER" {
                continue;
            }
            let (objects, before) = (app.db_objects().await, app.db_table().await);
            let reply = caller.send(&method, &path, None, Vec::new()).await;
            let after = app.db_table().await;
            let left: Vec<_> = after.iter().filter(|(at, _)| !before.contains_key(*at)).collect();
            let expected = json!({
                "eventType": "ACCESS_DENIED", "result": "DENIED", "actorId": actor, "actorType": kind,
                "resourceType": "REQUEST", "resourceId": path, "ipAddress": "203.0.113.7",
                "details": json!({"method": method}).to_string(),
            });
            let fits = |row: &Value| {
                expected.as_object().unwrap().iter().all(|(name, value)| row["data"][name] == *value)
            };
            let is_right = matches!(left.as_slice(), [(_, row)] if fits(row));
            if reply.status != 403 || !is_right || app.db_objects().await != objects {
                wrong.push(format!("{method} {route} by {kind}: {} {left:?}", reply.status));
            }
        }
    }
    assert_nothing_wrong(&wrong);
}

#[tokio::test]
async fn a_denied_look_leaves_no_row() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for (method, route) in
        exact_routes().into_iter().filter(|(method, route)| method == "GET" && route != "/api/v1/me")
    {
        let path = path(&app, &admin, &method, &route).await;
        let before = app.db_table().await;
        let _ = app.member().send(&method, &path, None, Vec::new()).await;
        assert_eq!(app.db_table().await, before, "{method} {route}");
    }
}

#[tokio::test]
async fn a_refused_deletion_leaves_one_row_with_its_reason() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let id = admin.new_resource(&credential).await;
    let _ = admin.patch(&format!("/resources/{id}"), json!({"isActive": true})).await.expect(200);
    app.db_hold(ResourceId::parse(&id).unwrap()).await.unwrap();
    for (path, event, subject, reason) in [
        (format!("/resources/{id}"), "RESOURCE_DELETE", &id, "RESOURCE_IN_USE"),
        (format!("/credentials/{credential}/"), "CREDENTIAL_DELETE", &credential, "CREDENTIAL_IN_USE"),
    ] {
        let (objects, rows) = (app.db_objects().await, app.db_audit().await.len());
        let _ = admin.delete(&path).await.expect(400);
        assert_eq!((app.db_objects().await, app.db_audit().await.len()), (objects, rows + 1));
        let left = admin.get(&format!("/audit-logs?eventType={event}&limit=1")).await.expect(200);
        let left = &left.json["content"][0];
        assert_eq!((&left["result"], &left["resourceId"]), (&json!("REFUSED"), &json!(subject)));
        assert_eq!((&left["details"], &left["actorId"]), (&json!({"reason": reason}), &json!(ADMIN)));
    }
}
