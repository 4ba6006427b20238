//! What a session at its end is shown as, and what can still be done with it.

use serde_json::{Value, json};
use support::ORG;

use super::Scene;
use crate::world::{World, row_states, shown};

/// What every operation says of a session: GET, the lists of its owner and of an administrator, and what a filter finds.
async fn statuses(scene: &Scene, filter: &str) -> (Vec<Value>, usize) {
    let admin = scene.app().admin();
    let path = format!("/sessions/{}", scene.id());
    let mut seen = vec![scene.person.get(&path).await.expect(200).json["status"].clone()];
    for (caller, list) in [(&scene.person, "/sessions"), (&admin, "/sessions/admin")] {
        seen.push(caller.get(list).await.expect(200).json[0]["status"].clone());
    }
    let everybodys = format!("/sessions?resourceId={}", scene.resource);
    seen.push(admin.get(&everybodys).await.expect(200).json[0]["status"].clone());
    let mut found = 0;
    for (caller, list) in [(&scene.person, "/sessions"), (&admin, "/sessions/admin")] {
        let filtered = caller.get(&format!("{list}?status={filter}")).await.expect(200).json;
        found += filtered.as_array().unwrap().len();
    }
    (seen, found)
}

#[tokio::test]
async fn from_the_millisecond_of_its_end_on_a_session_is_expiring_everywhere() {
    let scene = Scene::new().await;
    for (millis, status) in [(59_999, "ACTIVE"), (1, "EXPIRING"), (1, "EXPIRING")] {
        scene.app().advance_millis(millis);
        for filter in ["ACTIVE", "EXPIRING"] {
            let (seen, found) = statuses(&scene, filter).await;
            assert_eq!(seen, vec![json!(status); 4], "{millis}");
            assert_eq!(found, if filter == status { 2 } else { 0 }, "status={filter}");
        }
    }
    let refused = scene.extend(1).await.expect(400).json;
    assert_eq!(refused["message"], "A session that is EXPIRING cannot be extended");
    let refused = scene.post("stop").await.expect(400).json;
    assert_eq!(refused["message"], "A session that is EXPIRING cannot be stopped");
    let path = format!("/sessions/admin/{}/stop", scene.id());
    let refused = scene.app().admin().post_empty(&path).await.expect(400).json;
    assert_eq!(refused["message"], "A session that is EXPIRING cannot be stopped");
    assert!(scene.has_rule(), "nobody has ended it yet");
    scene.app().sweep().await;
    scene.assert_ended("EXPIRED", "EXPIRED").await;
    let refused = scene.extend(1).await.expect(400).json;
    assert_eq!(refused["message"], "A session that is EXPIRED cannot be extended", "as GET shows it");
}

#[tokio::test]
async fn a_millisecond_before_its_end_a_session_can_be_extended_and_stopped() {
    let scene = Scene::new().await;
    scene.app().advance_millis(59_999);
    let _ = scene.extend(1).await.expect(200);
    scene.app().advance_millis(60_000);
    assert_eq!(scene.post("stop").await.expect(200).json["endedReason"], "MANUAL");
    scene.app().settle().await;
    scene.assert_ended("CANCELLED", "MANUAL").await;
    let refused = scene.extend(1).await.expect(400).json;
    assert_eq!(refused["message"], "A session that is CANCELLED cannot be extended");
}

#[tokio::test]
async fn a_session_past_its_time_is_ended_with_its_person_and_with_its_resource() {
    for end in ["deactivation", "deletion", "drain"] {
        let scene = Scene::new().await;
        scene.seconds(61).await;
        assert_eq!(scene.shown().await["status"], "EXPIRING");
        let admin = scene.app().admin();
        match end {
            "deactivation" => {
                let _ = admin.patch("/users/grace", json!({"isActive": false})).await.expect(200);
            }
            "deletion" => drop(admin.delete("/users/grace").await.expect(204)),
            _ => {
                let path = format!("/resources/{}?drain=true", scene.resource);
                let _ = admin.delete(&path).await.expect(202);
            }
        }
        scene.app().settle().await;
        assert!(!scene.has_rule(), "{end}");
        let path = format!("/sessions/{}", scene.id());
        let over = admin.get(&path).await.expect(200).json;
        assert_eq!((&over["status"], &over["endedReason"]), (&json!("EXPIRED"), &json!("EXPIRED")), "{end}");
        assert_eq!(scene.ends_on_record().await, 1, "{end}");
    }
}

#[tokio::test]
async fn a_start_that_is_repeated_after_the_end_starts_nothing_and_shows_the_session() {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let _ = world.person("grace", &[&resource]).await;
    let token = world.app.token("grace", ORG, &["USER"]);
    let headers = [("authorization", &*format!("Bearer {token}")), ("idempotency-key", "once")];
    let person = world.app.caller(&headers);
    let first = person.post("/sessions", json!({"durationMinutes": 1})).await.expect(201).json;
    world.app.settle().await;
    world.app.advance_seconds(90);
    let again = person.post("/sessions", json!({"durationMinutes": 1})).await.expect(201).json;
    assert_eq!((&first["status"], &again["status"]), (&json!("PENDING"), &json!("EXPIRING")));
    let seen = shown(&person, &first).await;
    assert_eq!((&again["id"], &again["endedAt"]), (&seen["id"], &seen["endedAt"]));
    assert_eq!(row_states(&again), row_states(&seen));
}
