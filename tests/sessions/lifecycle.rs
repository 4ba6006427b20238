//! A session from its start to the day on which its rules are gone, over HTTP.

use serde_json::json;

use crate::world::{SOURCE, World, row_states, shown, start};

#[tokio::test]
async fn a_rule_comes_with_the_session_and_goes_with_it() {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let person = world.person("grace", &[&resource]).await;
    let session = start(&person, json!({"durationHours": 2, "reason": "Ticket 4711"})).await;
    assert_eq!((&session["status"], row_states(&session)), (&json!("PENDING"), vec!["PENDING"]));
    assert_eq!(
        (&session["startedAt"], &session["expiresAt"]),
        (&json!("2026-02-18T10:30:00Z"), &json!("2026-02-18T12:30:00Z"))
    );
    assert_eq!((&session["ipv4Address"], &session["ipv6Address"]), (&json!(SOURCE), &json!(null)));
    assert_eq!((&session["reason"], &session["userId"]), (&json!("Ticket 4711"), &json!("grace")));
    assert!(world.rules(1).is_empty());

    world.app.settle().await;
    let active = shown(&person, &session).await;
    assert_eq!((&active["status"], row_states(&active)), (&json!("ACTIVE"), vec!["APPLIED"]));
    assert_eq!(world.addresses(1), [format!("{SOURCE}/32")]);
    let row = &active["resourceIps"][0];
    assert_eq!((&row["resourceName"], &row["ipVersion"]), (&json!("Resource 1"), &json!(4)));
    assert_eq!((&row["providerRuleId"], &row["removedAt"]), (&json!(world.rules(1)[0].id), &json!(null)));
    assert_eq!((world.live(&resource).await, world.ledger().await.len()), (1, 1));
    assert_eq!(world.ledger().await[0]["state"], "APPLIED");

    let id = session["id"].as_str().unwrap();
    let stopped = person.post_empty(&format!("/sessions/{id}/stop")).await.expect(200).json;
    assert_eq!((&stopped["status"], row_states(&stopped)), (&json!("EXPIRING"), vec!["REMOVING"]));
    assert_eq!(
        (&stopped["endedReason"], &stopped["endedAt"]),
        (&json!("MANUAL"), &json!("2026-02-18T10:30:00Z"))
    );
    world.app.settle().await;
    let over = shown(&person, &session).await;
    assert_eq!((&over["status"], row_states(&over)), (&json!("CANCELLED"), vec!["REMOVED"]));
    assert!(world.rules(1).is_empty() && world.ledger().await.is_empty());
    assert_eq!(world.live(&resource).await, 0);
    let _ = world.app.admin().delete(&format!("/resources/{resource}")).await.expect(204);
}

#[tokio::test]
async fn a_session_whose_time_is_over_is_swept() {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let person = world.person("grace", &[&resource]).await;
    let session = start(&person, json!({"durationMinutes": 30})).await;
    world.app.settle().await;
    world.app.advance_seconds(30 * 60 - 1);
    assert_eq!(world.app.sweep().await["sessionsEnded"], 0);
    assert_eq!(world.addresses(1).len(), 1);
    world.app.advance_seconds(1);
    // The stream stands still: the sweeper alone removes the rule.
    assert_eq!(world.app.sweep().await["sessionsEnded"], 1);
    assert!(world.rules(1).is_empty() && world.ledger().await.is_empty());
    let over = shown(&person, &session).await;
    assert_eq!((&over["status"], &over["endedReason"]), (&json!("EXPIRED"), &json!("EXPIRED")));
    assert_eq!(world.live(&resource).await, 0);
    let before = world.app.db_items().await;
    world.app.settle().await;
    world.app.advance_seconds(3600);
    world.app.sweep().await;
    assert_eq!(world.app.db_items().await, before, "nothing is left to do");
}
