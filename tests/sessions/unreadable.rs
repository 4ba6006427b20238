//! Items that cannot be read: access ends all the same, nothing else is hidden, and they are shown.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use support::{Client, ORG, TestApp};

use crate::world::{At, World, session_at, start};
use support::ledger::unrest;

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

/// Takes an attribute off an item.
async fn break_attribute(app: &TestApp, at: &At, name: &str) {
    #[expect(clippy::disallowed_methods, reason = "what no version writes")]
    let call = app.dynamodb.update_item().table_name(&app.table);
    let call = call.key("pk", AttributeValue::S(at.0.clone())).key("sk", AttributeValue::S(at.1.clone()));
    let call = call.expression_attribute_names("#name", name);
    call.update_expression("REMOVE #name").send().await.unwrap();
}

/// The ids and states of a list of sessions.
async fn states(caller: &Client, path: &str) -> Vec<(String, String)> {
    let list = caller.get(path).await.expect(200).json;
    let state = |session: &Value| (id(session).into(), session["status"].as_str().unwrap().into());
    list.as_array().unwrap().iter().map(state).collect()
}

/// Somebody with an older session on the first group and a newer one on the second.
async fn with_two_sessions() -> (World, Client, [Value; 2], [String; 2]) {
    let world = World::new().await;
    let resources = [world.resource(1).await, world.resource(2).await];
    let grace = world.person("grace", &[&resources[0], &resources[1]]).await;
    let mut sessions = Vec::new();
    for resource in &resources {
        sessions.push(start(&grace, json!({"resourceIds": [resource], "durationMinutes": 30})).await);
        world.app.settle().await;
        world.app.advance_seconds(1);
    }
    (world, grace, sessions.try_into().unwrap(), resources)
}

#[tokio::test]
async fn lists_show_an_unreadable_session_among_the_others() {
    let (world, grace, [first, second], [_, resource]) = with_two_sessions().await;
    let (admin, joan) = (world.app.admin(), world.person("joan", &[]).await);
    world.set_shape(&session_at(&first), 2).await;
    let bad = (id(&first).to_owned(), String::from("UNREADABLE"));
    let both = vec![(id(&second).to_owned(), String::from("ACTIVE")), bad.clone()];
    for path in ["/sessions", "/sessions?status=ACTIVE", &format!("/sessions?resourceId={resource}")] {
        assert_eq!(states(&grace, path).await, both, "{path}");
    }
    for path in ["/sessions/admin", "/sessions/admin?userId=grace", "/sessions/admin?status=ACTIVE&limit=5"] {
        assert_eq!(states(&admin, path).await, both, "{path}");
    }
    for path in ["/sessions?status=UNREADABLE", "/sessions?status=EXPIRED"] {
        assert_eq!(states(&grace, path).await, std::slice::from_ref(&bad), "{path}");
    }
    assert_eq!(states(&joan, "/sessions").await, []);
    let part = admin.get("/sessions/admin?limit=1").await.expect(200);
    let next = part.header("link").unwrap().trim_start_matches("</api/v1").split('>').next().unwrap();
    assert_eq!(states(&admin, next).await, [bad]);
    let path = format!("/sessions/{}", id(&first));
    for caller in [&grace, &admin] {
        let shown = caller.get(&path).await.expect(200).json;
        assert_eq!((&shown["status"], &shown["userId"]), (&json!("UNREADABLE"), &json!("grace")));
        assert_eq!(shown["expiresAt"], first["expiresAt"]);
        assert_eq!((&shown["userEmail"], &shown["resourceIps"]), (&json!(null), &json!([])));
    }
    let _ = joan.get(&path).await.expect(404);
    for (caller, status) in [(&grace, 400), (&joan, 404)] {
        let _ = caller.post_empty(&format!("{path}/stop")).await.expect(status);
    }
    let refused = admin.post_empty(&format!("/sessions/admin/{}/stop", id(&first))).await.expect(400).json;
    assert_eq!(refused["message"], "A session that is UNREADABLE cannot be stopped");
    let _ = grace.post(&format!("{path}/extend"), json!({"additionalMinutes": 5})).await.expect(400);
}

#[tokio::test]
async fn an_unreadable_session_lets_nobody_in_after_its_end() {
    let (world, grace, [first, _], [resource, _]) = with_two_sessions().await;
    let app = &world.app;
    world.set_shape(&session_at(&first), 2).await;
    app.sweep().await;
    assert_eq!(world.addresses(1).len(), 1, "its time is not over");
    app.advance_seconds(30 * 60);
    assert_eq!(app.sweep().await["failed"], 1, "it is reported");
    assert_eq!(app.sweep().await["failed"], 1, "and again");
    app.settle().await;
    assert!(world.addresses(1).is_empty() && world.addresses(2).is_empty());
    assert!(world.ledger().await.is_empty());
    let expired = app.admin().get("/audit-logs?eventType=SESSION_EXPIRE").await.expect(200).json;
    let of_first = |row: &&Value| row["resourceId"] == first["id"];
    let rows: Vec<_> = expired["content"].as_array().unwrap().iter().filter(of_first).collect();
    assert_eq!((rows.len(), &rows[0]["result"]), (1, &json!("FAILURE")));
    assert_eq!(world.live(&resource).await, 1, "its rows cannot be told");
    // An operator repairs it: its end is written down, although the ledger knows nothing of it any more.
    world.set_shape(&session_at(&first), 1).await;
    assert_eq!(app.sweep().await["failed"], 0);
    assert_eq!(states(&grace, "/sessions?status=EXPIRED").await.len(), 2);
    app.advance_seconds(60);
    app.sweep().await;
    assert_eq!(unrest(app).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_finished_session_that_cannot_be_read_keeps_no_other_from_ending() {
    let (world, grace, [first, second], _) = with_two_sessions().await;
    let admin = world.app.admin();
    let _ = grace.post_empty(&format!("/sessions/{}/stop", id(&first))).await.expect(200);
    world.app.settle().await;
    world.set_shape(&session_at(&first), 2).await;
    let _ = admin.patch("/users/grace", json!({"isActive": false})).await.expect(200);
    world.app.settle().await;
    assert!(world.addresses(2).is_empty());
    let listed = states(&admin, "/sessions/admin").await;
    assert_eq!(listed[0], (id(&second).into(), "CANCELLED".into()));
    assert_eq!(world.places("ENDING").await, [], "nothing is left to be ended");
}

#[tokio::test]
async fn deactivation_takes_the_rules_of_a_running_session_that_cannot_be_read() {
    let (world, _, [_, second], _) = with_two_sessions().await;
    world.set_shape(&session_at(&second), 2).await;
    let _ = world.app.admin().patch("/users/grace", json!({"isActive": false})).await.expect(200);
    world.app.advance_seconds(60);
    world.app.sweep().await;
    world.app.sweep().await;
    assert!(world.addresses(1).is_empty() && world.addresses(2).is_empty());
    assert_eq!(world.places("ENDING").await.len(), 1, "it stays noted until it is repaired or deleted");
}

#[tokio::test]
async fn an_unreadable_rule_is_shown_and_hides_no_other() {
    let (world, _, [first, _], _) = with_two_sessions().await;
    let admin = world.app.admin();
    let before = world.ledger().await;
    let rules = world.places("RULE").await;
    let bad = rules.iter().find(|(pk, _)| pk.ends_with("sg-00000001")).unwrap();
    world.set_shape(bad, 2).await;
    for (path, shown) in [
        ("/rules", vec!["UNREADABLE", "APPLIED"]),
        ("/rules?state=applied", vec!["UNREADABLE", "APPLIED"]),
        ("/rules?state=stuck", vec!["UNREADABLE"]),
        ("/rules?state=unreadable", vec!["UNREADABLE"]),
        ("/rules?limit=1", vec!["UNREADABLE"]),
        ("/rules?limit=1&state=applied", vec!["UNREADABLE"]),
    ] {
        let list = admin.get(path).await.expect(200).json;
        let states: Vec<_> =
            list.as_array().unwrap().iter().map(|rule| rule["state"].as_str().unwrap()).collect();
        assert_eq!(states, shown, "{path}");
        for member in ["id", "resourceId", "credentialId", "groupId", "cidr", "fromPort", "sessionIds"] {
            assert_eq!(list[0][member], before[0][member], "{path}: {member}");
        }
    }
    let path = format!("/rules/{}/resolve", id(&before[0]));
    let refused = admin.post(&path, json!({"reason": "Gone"})).await.expect(400).json;
    assert_eq!(refused["message"], "The rule's entry cannot be read and must be repaired first");
    // The session ends, and an operator who deletes the entry leaves nothing waiting.
    let stop = format!("/sessions/admin/{}/stop", id(&first));
    assert_eq!(admin.post_empty(&stop).await.expect(200).json["status"], "EXPIRING");
}

#[tokio::test]
async fn a_session_ends_past_a_rule_whose_entry_is_broken_or_gone() {
    for is_gone in [false, true] {
        let world = World::new().await;
        let resources = [world.resource(1).await, world.resource(2).await];
        let grace = world.person("grace", &[&resources[0], &resources[1]]).await;
        let session = start(&grace, json!({})).await;
        world.app.settle().await;
        let rules = world.places("RULE").await;
        let bad = rules.iter().find(|(pk, _)| pk.ends_with("sg-00000001")).unwrap();
        if is_gone {
            #[expect(clippy::disallowed_methods, reason = "what an operator does")]
            let call = world.app.dynamodb.delete_item().table_name(&world.app.table);
            let call = call.key("pk", AttributeValue::S(bad.0.clone()));
            call.key("sk", AttributeValue::S(bad.1.clone())).send().await.unwrap();
        } else {
            break_attribute(&world.app, bad, "found").await;
        }
        let _ = grace.post_empty(&format!("/sessions/{}/stop", id(&session))).await.expect(200);
        world.app.advance_seconds(60);
        world.app.sweep().await;
        assert!(world.addresses(2).is_empty());
        let shown = if is_gone { "CANCELLED" } else { "EXPIRING" };
        assert_eq!(states(&grace, "/sessions").await, [(id(&session).into(), shown.into())]);
        assert_eq!(world.live(&resources[0]).await, i64::from(!is_gone));
    }
}

/// A session whose rows stand in two blocks: those of the third group, and those of the fourth.
async fn with_large_session() -> (World, Client, Value) {
    let world = World::new().await;
    let ports: Vec<_> = (1..=58).collect();
    let mut resources = Vec::new();
    for number in [3, 4] {
        resources.push(world.resource_with(number, json!({"ports": ports})).await);
    }
    let ids: Vec<_> = resources.iter().map(String::as_str).collect();
    let ada = world.person("ada", &ids).await;
    let session = start(&ada, json!({"durationMinutes": 30})).await;
    world.app.settle().await;
    (world, ada, session)
}

#[tokio::test]
async fn a_session_with_an_unreadable_block_ends_with_all_of_its_rules() {
    let (world, ada, session) = with_large_session().await;
    let app = &world.app;
    assert_eq!((world.addresses(3).len(), world.addresses(4).len()), (58, 58));
    let block = (session_at(&session).0, String::from("ROWS#0002"));
    world.set_shape(&block, 2).await;
    let shown = ada.get("/sessions").await.expect(200).json;
    let rows = shown[0]["resourceIps"].as_array().unwrap().len();
    assert_eq!(
        (&shown[0]["status"], &shown[0]["userName"], rows),
        (&json!("UNREADABLE"), &session["userName"], 1)
    );
    app.advance_seconds(30 * 60);
    app.sweep().await;
    assert_eq!(app.sweep().await["failed"], 1, "it is reported");
    app.advance_seconds(60);
    app.sweep().await;
    assert_eq!((world.addresses(3).len(), world.addresses(4).len()), (0, 0));
    world.set_shape(&block, 1).await;
    for _ in 0..2 {
        app.advance_seconds(60);
        app.sweep().await;
    }
    assert_eq!(states(&ada, "/sessions").await, [(id(&session).into(), "EXPIRED".into())]);
    assert_eq!(unrest(app).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_resource_is_drained_past_what_cannot_be_read() {
    let (world, _, [first, _], resources) = with_two_sessions().await;
    let (app, admin) = (&world.app, world.app.admin());
    let rules = world.places("RULE").await;
    let elsewhere = rules.iter().find(|(pk, _)| pk.ends_with("sg-00000001")).unwrap();
    world.set_shape(elsewhere, 2).await;
    world.set_shape(&session_at(&first), 2).await;
    let _ = admin.delete(&format!("/resources/{}?drain=true", resources[1])).await.expect(202);
    for _ in 0..3 {
        app.advance_seconds(60);
        app.sweep().await;
    }
    assert!(world.addresses(2).is_empty());
    let _ = admin.get(&format!("/resources/{}", resources[1])).await.expect(404);
    assert_eq!(world.addresses(1).len(), 1, "the other session goes on");
    // Of the session that cannot be read the drained resource loses its rules.
    world.set_shape(elsewhere, 1).await;
    let _ = admin.delete(&format!("/resources/{}?drain=true", resources[0])).await.expect(202);
    app.advance_seconds(60);
    app.sweep().await;
    app.sweep().await;
    assert!(world.addresses(1).is_empty());
}

#[tokio::test]
async fn reserved_rows_are_released_past_those_that_cannot_be_read() {
    let (world, _, session) = with_large_session().await;
    let app = &world.app;
    // What a start leaves that broke off: rows without a session.
    let (pk, own) = session_at(&session);
    #[expect(clippy::disallowed_methods, reason = "what a start leaves that broke off")]
    let call = app.dynamodb.delete_item().table_name(&app.table).key("pk", AttributeValue::S(pk.clone()));
    call.key("sk", AttributeValue::S(own)).send().await.unwrap();
    world.set_shape(&(pk.clone(), "ROWS#0001".into()), 2).await;
    let (org, id) = (support::org(ORG), model::id::SessionId::parse(id(&session)).unwrap());
    let failed = app.db.process_due_rows(&org, id, app.now()).await;
    assert!(matches!(failed, Err(store::StoreError::Defect(_))), "{failed:?}");
    let left = world.places("SESSION_ROWS").await;
    assert_eq!(left, [(pk, String::from("ROWS#0001"))], "the other block is released");
}
