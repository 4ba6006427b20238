//! What a row says whose session is over while other sessions hold its rule.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::{Client, ORG, TestApp};

use crate::world::{World, row_states, session_at, shown, start};

fn id(session: &Value) -> &str {
    session["id"].as_str().unwrap()
}

async fn stop(world: &World, person: &Client, session: &Value) {
    let _ = person.post_empty(&format!("/sessions/{}/stop", id(session))).await.expect(200);
    world.app.settle().await;
}

/// What the only row of a session says about it.
async fn still_open(caller: &Client, session: &Value) -> Value {
    let session = shown(caller, session).await;
    assert_eq!(row_states(&session).len(), 1);
    let row = session["resourceIps"][0].as_object().unwrap().clone();
    row.get("stillOpen").cloned().unwrap_or_else(|| panic!("{row:?}"))
}

/// Two people behind one address, each with a session on one rule.
async fn two_behind_one_address() -> (World, [Client; 2], [Value; 2]) {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let people = [world.person("ada", &[&resource]).await, world.person("grace", &[&resource]).await];
    let sessions = [start(&people[0], json!({})).await, start(&people[1], json!({})).await];
    world.app.settle().await;
    (world, people, sessions)
}

#[tokio::test]
async fn a_colleague_behind_the_same_address_keeps_the_port_open_and_is_not_named() {
    let (world, [ada, grace], [of_ada, of_grace]) = two_behind_one_address().await;
    assert_eq!(still_open(&ada, &of_ada).await, json!(null), "it is open for the session itself");
    stop(&world, &ada, &of_ada).await;
    assert_eq!(shown(&ada, &of_ada).await["status"], "CANCELLED");
    assert_eq!(still_open(&ada, &of_ada).await, json!({"sessionIds": []}));
    let of_admin = still_open(&world.app.admin(), &of_ada).await;
    assert_eq!(of_admin, json!({"sessionIds": [id(&of_grace)]}));
    stop(&world, &grace, &of_grace).await;
    assert!(world.rules(1).is_empty());
    for session in [&of_ada, &of_grace] {
        assert_eq!(still_open(&world.app.admin(), session).await, json!(null));
    }
}

#[tokio::test]
async fn ones_own_other_session_is_named() {
    let (world, [ada, _], [of_ada, of_grace]) = two_behind_one_address().await;
    let second = start(&ada, json!({})).await;
    world.app.settle().await;
    stop(&world, &ada, &of_ada).await;
    assert_eq!(still_open(&ada, &of_ada).await, json!({"sessionIds": [id(&second)]}));
    let of_admin = still_open(&world.app.admin(), &of_ada).await;
    let named: BTreeSet<&str> =
        of_admin["sessionIds"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    assert_eq!(named, BTreeSet::from([id(&second), id(&of_grace)]));
}

/// The last session is over, and its rule cannot be removed: the port stays open all the same.
#[tokio::test]
async fn a_rule_that_cannot_be_removed_is_still_open() {
    let (world, [ada, grace], [of_ada, of_grace]) = two_behind_one_address().await;
    stop(&world, &ada, &of_ada).await;
    world.app.cloud.deny("AKIA1");
    stop(&world, &grace, &of_grace).await;
    assert_eq!(world.ledger().await[0]["state"], "STUCK");
    assert_eq!(still_open(&ada, &of_ada).await, json!({"sessionIds": []}));
    assert_eq!(still_open(&grace, &of_grace).await, json!(null), "its own row says that it is REMOVING");
}

/// Nobody can say that a rule whose entry cannot be read is gone.
#[tokio::test]
async fn a_rule_that_cannot_be_read_is_still_open() {
    let (world, [ada, _], [of_ada, of_grace]) = two_behind_one_address().await;
    stop(&world, &ada, &of_ada).await;
    world.set_shapes("RULE", 2).await;
    assert_eq!(still_open(&ada, &of_ada).await, json!({"sessionIds": []}));
    let of_admin = still_open(&world.app.admin(), &of_ada).await;
    assert_eq!(of_admin, json!({"sessionIds": [id(&of_grace)]}));
}

/// The port was closed in between: that somebody opened it again says nothing about a session of the day before.
#[tokio::test]
async fn a_port_that_was_closed_and_opened_again_is_not_still_open() {
    let (world, [ada, grace], [of_ada, of_grace]) = two_behind_one_address().await;
    stop(&world, &ada, &of_ada).await;
    stop(&world, &grace, &of_grace).await;
    world.app.advance_seconds(600);
    let _ = start(&ada, json!({})).await;
    world.app.settle().await;
    assert_eq!(world.rules(1).len(), 1);
    assert_eq!(still_open(&ada, &of_ada).await, json!(null));
}

/// Two organizations have resources on the same group: neither learns of the other.
#[tokio::test]
async fn another_organization_is_never_visible() {
    let (world, [ada, grace], [of_ada, of_grace]) = two_behind_one_address().await;
    let theirs = other_session_on_the_group(&world.app).await;
    world.app.settle().await;
    stop(&world, &grace, &of_grace).await;
    stop(&world, &ada, &of_ada).await;
    for caller in [&ada, &world.app.admin()] {
        assert_eq!(still_open(caller, &of_ada).await, json!(null));
    }
    let answer = world.app.other_admin().get(&format!("/sessions/{}", id(&theirs))).await.expect(200);
    for session in [&of_ada, &of_grace] {
        assert!(!answer.text.contains(id(session)));
    }
}

/// A session of the other organization's administrator, from the same address, on the first group.
async fn other_session_on_the_group(app: &TestApp) -> Value {
    let admin = app.other_admin();
    let value = json!({"accessKeyId": "AKIA1", "secretAccessKey": "s"});
    let body = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
    let credential = admin.post("/credentials/", body).await.expect(201).id();
    let group = crate::world::group(1);
    let body = json!({
        "name": "Theirs", "credentialId": credential, "provider": "AWS", "resourceType": "SECURITY_GROUP",
        "resourceIdentifier": group.group_id, "region": group.region, "config": {"port": 22, "protocol": "tcp"},
    });
    let id = admin.post("/resources", body).await.expect(201).id();
    let _ = admin.post_empty(&format!("/resources/{id}/verify")).await.expect(200);
    start(&admin, json!({})).await
}

/// Lists do not look it up: the member is absent, which is not `null`.
#[tokio::test]
async fn lists_and_changes_leave_it_out() {
    let (world, [ada, _], [of_ada, _]) = two_behind_one_address().await;
    let stopped = ada.post_empty(&format!("/sessions/{}/stop", id(&of_ada))).await.expect(200).json;
    world.app.settle().await;
    let list = ada.get("/sessions").await.expect(200).json;
    for session in [&of_ada, &stopped, &list[0]] {
        assert!(session["resourceIps"][0].get("stillOpen").is_none(), "{session}");
    }
}

/// What it costs: nothing while a session runs, one call when it is over, one more when somebody else holds its rules.
#[tokio::test]
async fn looking_costs_a_call_for_the_rules_and_one_for_the_own_sessions() {
    let (world, [ada, _], [of_ada, _]) = two_behind_one_address().await;
    let calls = async |caller: &Client| {
        world.app.proxy.take_calls();
        let _ = shown(caller, &of_ada).await;
        world.app.proxy.take_calls()
    };
    let running = calls(&ada).await;
    assert!(!running.contains(&"BatchGetItem".into()), "{running:?}");
    stop(&world, &ada, &of_ada).await;
    let open = calls(&ada).await;
    assert_eq!(open.len(), running.len() + 2, "{open:?}");
    let admin = world.app.admin();
    let _ = calls(&admin).await;
    assert_eq!(calls(&admin).await.len(), open.len() - 1, "an administrator sees all of them");
}

/// More rules than one call reads: the rows beyond are not looked at.
#[tokio::test]
async fn of_a_large_session_the_first_hundred_rules_are_looked_at() {
    let world = World::new().await;
    let ports: Vec<u16> = (1..=40).collect();
    for number in 1..=3 {
        world.resource_with(number, json!({"ports": ports})).await;
    }
    let grace = world.app.bearer(&world.app.token("grace", ORG, &["ORG_ADMIN"]));
    let sessions = [start(&world.app.admin(), json!({})).await, start(&grace, json!({})).await];
    world.app.settle().await;
    stop(&world, &world.app.admin(), &sessions[0]).await;
    let rows = shown(&world.app.admin(), &sessions[0]).await["resourceIps"].clone();
    let named = json!({"sessionIds": [id(&sessions[1])]});
    let said: Vec<_> = rows.as_array().unwrap().iter().map(|row| row.get("stillOpen")).collect();
    assert_eq!(said, [Some(&named), Some(&named), None]);
}

/// A session of which nobody can say how it stands has no rows to look at.
#[tokio::test]
async fn a_session_that_cannot_be_read_is_shown_all_the_same() {
    let (world, [ada, _], [of_ada, _]) = two_behind_one_address().await;
    stop(&world, &ada, &of_ada).await;
    world.set_shape(&session_at(&of_ada), 2).await;
    assert_eq!(shown(&ada, &of_ada).await["status"], "UNREADABLE");
}
