//! What becomes of sessions when people, roles and resources change.

use serde_json::{Value, json};
use support::{Client, ORG};

use crate::world::{World, row_states, shown, start};
use support::ledger::unrest;

/// Somebody with a session that is open on the first group.
async fn with_session() -> (World, Client, Value) {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let person = world.person("grace", &[&resource]).await;
    let session = start(&person, json!({})).await;
    world.app.settle().await;
    (world, person, session)
}

#[tokio::test]
async fn a_deactivated_person_has_no_sessions_and_starts_none() {
    let (world, person, session) = with_session().await;
    let admin = world.app.admin();
    let _ = admin.patch("/users/grace", json!({"isActive": false})).await.expect(200);
    world.app.settle().await;
    assert!(world.rules(1).is_empty());
    let id = session["id"].as_str().unwrap();
    let seen = admin.get(&format!("/sessions/{id}")).await.expect(200).json;
    assert_eq!((&seen["status"], &seen["endedReason"]), (&json!("CANCELLED"), &json!("ADMIN")));
    for (path, body) in
        [("/sessions", json!({})), (&format!("/sessions/{id}/extend"), json!({"additionalHours": 1}))]
    {
        let _ = person.post(path, body).await.expect(403);
    }
    let _ = person.post_empty(&format!("/sessions/{id}/stop")).await.expect(403);
    for path in ["/sessions", &format!("/sessions/{id}"), "/me"] {
        let _ = person.get(path).await.expect(403);
    }
    assert_eq!(unrest(&world.app).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_deleted_persons_sessions_end_and_stay_on_record() {
    let (world, _, session) = with_session().await;
    let admin = world.app.admin();
    let _ = admin.delete("/users/grace").await.expect(204);
    world.app.settle().await;
    assert!(world.rules(1).is_empty());
    let all = admin.get("/sessions/admin?userId=grace").await.expect(200).json;
    assert_eq!((&all[0]["id"], &all[0]["status"]), (&session["id"], &json!("CANCELLED")));
    assert_eq!(unrest(&world.app).await, Vec::<String>::new());
}

#[tokio::test]
async fn roles_and_links_change_no_running_session() {
    let world = World::new().await;
    let (resource, other) = (world.resource(1).await, world.resource(2).await);
    let admin = world.app.admin();
    let (person, role) = (world.person("grace", &[]).await, admin.new_role("Engineers").await);
    let _ = admin.post_empty(&format!("/roles/{role}/users/grace")).await.expect(200);
    let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    let session = start(&person, json!({})).await;
    world.app.settle().await;
    for (method, path) in [
        ("POST", format!("/roles/{role}/resources/{other}")),
        ("DELETE", format!("/roles/{role}/resources/{resource}")),
        ("DELETE", format!("/roles/{role}/users/grace")),
        ("DELETE", format!("/roles/{role}")),
    ] {
        let reply = admin.send(method, &format!("/api/v1{path}"), None, Vec::new()).await;
        assert!(reply.status.is_success(), "{}", reply.text);
        world.app.settle().await;
        let now = shown(&person, &session).await;
        assert_eq!((&now["status"], row_states(&now)), (&json!("ACTIVE"), vec!["APPLIED"]));
    }
    let _ = admin.patch(&format!("/resources/{resource}"), json!({"isActive": false})).await.expect(200);
    assert_eq!((world.rules(1).len(), world.rules(2).len()), (1, 0));
    let nothing = person.post("/sessions", json!({})).await.expect(400).json;
    assert_eq!(nothing["message"], "There is no active resource that you may open");
}

#[tokio::test]
async fn a_drained_resource_goes_with_its_last_rule() {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let person = world.person("grace", &[&resource]).await;
    let session = start(&person, json!({})).await;
    world.app.settle().await;
    let (admin, path) = (world.app.admin(), format!("/resources/{resource}"));
    let refused = admin.delete(&path).await.expect(400).json;
    assert_eq!(refused["error"], "RESOURCE_IN_USE");
    let seen = admin.get(&format!("/sessions?resourceId={resource}")).await.expect(200).json;
    assert_eq!(seen[0]["id"], session["id"], "what the refusal tells an administrator to look at");
    let _ = admin.delete(&format!("{path}?drain=maybe")).await.expect(400);
    let _ = admin.delete(&format!("{path}?drain=true")).await.expect(202);
    let _ = person.post("/sessions", json!({})).await.expect(400);
    let ending = shown(&person, &session).await;
    assert_eq!((&ending["status"], &ending["endedReason"]), (&json!("EXPIRING"), &json!("ADMIN")));
    let _ = admin.delete(&format!("{path}?drain=true")).await.expect(202);
    let _ = admin.get(&path).await.expect(200);
    world.app.settle().await;
    assert!(world.rules(1).is_empty());
    world.app.advance_seconds(60);
    world.app.sweep().await;
    let _ = admin.get(&path).await.expect(404);
    let log = admin.get(&format!("/audit-logs?resourceId={resource}")).await.expect(200).json;
    let events: Vec<_> =
        log["content"].as_array().unwrap().iter().map(|row| row["eventType"].as_str().unwrap()).collect();
    assert_eq!(events[..2], ["RESOURCE_DELETE", "RESOURCE_DRAIN"]);
    assert_eq!(unrest(&world.app).await, Vec::<String>::new());
    // Nothing holds it: gone at once.
    let other = world.resource(2).await;
    let _ = admin.delete(&format!("/resources/{other}?drain=true")).await.expect(204);
    let _ = world.app.bearer(&world.app.token("grace", ORG, &["USER"])).get("/me").await.expect(200);
}
