//! Sessions that could not be read for a while, and lost their rules meanwhile: when they can be read again, they end.

use serde_json::{Value, json};
use support::Client;

use crate::world::{World, group, shown, start};
use support::ledger::unrest;

const READABLE: u32 = 1;
const UNREADABLE: u32 = 2;

/// Somebody with a session on a group, which is applied.
async fn with_a_session() -> (World, Client, Value, String) {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let grace = world.person("grace", &[&resource]).await;
    let session = start(&grace, json!({"durationMinutes": 30})).await;
    world.app.settle().await;
    assert_eq!(shown(&grace, &session).await["status"], "ACTIVE");
    (world, grace, session, resource)
}

/// The session cannot be read, and its owner is deactivated: its rule goes.
async fn deactivated_while_unreadable(world: &World) {
    world.set_shapes("SESSION", UNREADABLE).await;
    let _ = world.app.admin().patch("/users/grace", json!({"isActive": false})).await.expect(200);
    world.app.settle().await;
    assert_eq!(world.addresses(1), Vec::<String>::new());
}

/// The session can be read again, and the workers do their rounds.
async fn repair(world: &World) {
    world.set_shapes("SESSION", READABLE).await;
    for _ in 0..3 {
        world.app.advance_seconds(61);
        let _ = world.app.sweep().await;
        world.app.settle().await;
    }
}

async fn assert_ended(world: &World, session: &Value, resource: &str) {
    let id = session["id"].as_str().unwrap();
    let seen = world.app.admin().get("/sessions/admin").await.expect(200).json;
    let seen = seen.as_array().unwrap().iter().find(|seen| seen["id"] == id).unwrap();
    assert_eq!((&seen["status"], &seen["endedReason"]), (&json!("CANCELLED"), &json!("ADMIN")), "{seen}");
    assert_eq!(world.live(resource).await, 0);
    assert_eq!(unrest(&world.app).await, Vec::<String>::new());
}

#[tokio::test]
async fn rows_that_waited_for_their_rule_are_settled() {
    let (world, _, session, resource) = with_a_session().await;
    let stop = format!("/sessions/admin/{}/stop", session["id"].as_str().unwrap());
    let _ = world.app.admin().post_empty(&stop).await.expect(200);
    deactivated_while_unreadable(&world).await;
    repair(&world).await;
    assert_ended(&world, &session, &resource).await;
}

#[tokio::test]
async fn a_session_of_somebody_who_was_deactivated_meanwhile_ends() {
    let (world, _, session, resource) = with_a_session().await;
    deactivated_while_unreadable(&world).await;
    repair(&world).await;
    assert_ended(&world, &session, &resource).await;
}

#[tokio::test]
async fn a_session_on_a_resource_that_was_drained_meanwhile_ends() {
    let (world, grace, session, resource) = with_a_session().await;
    world.set_shapes("SESSION", UNREADABLE).await;
    let _ = world.app.admin().delete(&format!("/resources/{resource}?drain=true")).await.expect(202);
    for _ in 0..2 {
        world.app.advance_seconds(61);
        let _ = world.app.sweep().await;
        world.app.settle().await;
    }
    assert_eq!(world.addresses(1), Vec::<String>::new());
    repair(&world).await;
    assert_eq!(shown(&grace, &session).await["status"], "CANCELLED");
    // With its last row the drained resource goes.
    let _ = world.app.admin().get(&format!("/resources/{resource}")).await.expect(404);
    assert_eq!(unrest(&world.app).await, Vec::<String>::new());
    assert!(world.app.cloud.groups().iter().any(|(found, _)| *found == group(1)));
}

#[tokio::test]
async fn rows_that_changed_while_they_were_settled_are_settled_by_the_next_sweep() {
    let (world, _, session, resource) = with_a_session().await;
    let stop = format!("/sessions/admin/{}/stop", session["id"].as_str().unwrap());
    let _ = world.app.admin().post_empty(&stop).await.expect(200);
    deactivated_while_unreadable(&world).await;
    // The sweeper's first transaction settles the row.
    world.app.proxy.cancel_next(&["ConditionalCheckFailed", "None"]);
    repair(&world).await;
    assert_ended(&world, &session, &resource).await;
}
