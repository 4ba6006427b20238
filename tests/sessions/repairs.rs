//! What is stuck, lost, altered or somebody else's.

use firewall::{CloudRule, RuleTag};
use model::ingress::{Ingress, IpVersion};
use serde_json::{Value, json};
use support::ORG;

use crate::world::{SOURCE, World, group, row_states, shown, start};
use support::ledger::unrest;

/// A running session of somebody on a resource.
async fn running() -> (World, support::Client, String, Value) {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let person = world.person("grace", &[&resource]).await;
    let session = start(&person, json!({"durationHours": 8})).await;
    world.app.settle().await;
    assert_eq!(world.rules(1).len(), 1);
    (world, person, resource, session)
}

async fn stop(world: &World, person: &support::Client, session: &Value) {
    let path = format!("/sessions/{}/stop", session["id"].as_str().unwrap());
    let _ = person.post_empty(&path).await.expect(200);
    world.app.settle().await;
}

async fn events(world: &World) -> Vec<String> {
    let rows = world.app.db_audit().await;
    rows.iter()
        .map(|row| serde_json::to_value(row.event_type).unwrap().as_str().unwrap().to_owned())
        .collect()
}

fn rule(name: &str, tag: Option<RuleTag>) -> CloudRule {
    CloudRule { id: String::new(), ingress: Ingress::parse(name), version: Some(IpVersion::V4), tag }
}

#[tokio::test]
async fn a_removal_that_is_refused_is_stuck_until_the_credential_heals() {
    let (world, person, resource, session) = running().await;
    world.app.cloud.deny("AKIA1");
    stop(&world, &person, &session).await;
    let stuck = world.app.admin().get("/rules?state=stuck").await.expect(200).json;
    let stuck = &stuck[0];
    assert_eq!((&stuck["state"], &stuck["attempts"]), (&json!("STUCK"), &json!(1)));
    assert!(stuck["lastError"].as_str().unwrap().contains("not authorized"));
    let row = &shown(&person, &session).await["resourceIps"][0];
    assert_eq!(row["status"], "REMOVING");
    assert!(row["errorMessage"].as_str().unwrap().contains("not authorized"));
    assert!(events(&world).await.contains(&"RULE_STUCK".into()));
    let _ = world.app.admin().delete(&format!("/resources/{resource}")).await.expect(400);
    // Probed once a day.
    world.app.cloud.allow("AKIA1");
    world.app.advance_seconds(3600);
    world.app.sweep().await;
    assert_eq!(world.rules(1).len(), 1);
    world.app.advance_seconds(24 * 3600);
    world.app.sweep().await;
    assert_eq!(unrest(&world.app).await, Vec::<String>::new());
    assert!(world.rules(1).is_empty());
}

#[tokio::test]
async fn a_stuck_rule_is_resolved_with_a_reason_and_found_again_by_its_mark() {
    let (world, person, resource, session) = running().await;
    let admin = world.app.admin();
    let id = world.ledger().await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/rules/{id}/resolve");
    let reason = json!({"reason": "The account was closed"});
    let refused = admin.post(&path, reason.clone()).await.expect(400).json;
    assert_eq!(refused["message"], "Only a rule that is stuck can be resolved");
    world.app.cloud.deny("AKIA1");
    stop(&world, &person, &session).await;
    for body in [json!({}), json!({"reason": " "}), json!({"reason": 5})] {
        let _ = admin.post(&path, body).await.expect(400);
    }
    let _ = admin.post(&path, reason).await.expect(200);
    let over = shown(&person, &session).await;
    assert_eq!((&over["status"], row_states(&over)), (&json!("CANCELLED"), vec!["REMOVED"]));
    let note = over["resourceIps"][0]["errorMessage"].as_str().unwrap();
    assert!(note.contains("The account was closed"), "{note}");
    assert!(world.ledger().await.is_empty() && world.live(&resource).await == 0);
    assert!(events(&world).await.contains(&"RULE_RESOLVE".into()));
    // The administrator was wrong: the rule is still there, and is found.
    assert_eq!(world.rules(1).len(), 1);
    world.app.cloud.allow("AKIA1");
    world.app.advance_seconds(3600);
    assert_eq!(world.app.reconcile().await["orphans"], 1);
    assert!(world.rules(1).is_empty());
}

#[tokio::test]
async fn a_comparison_removes_orphans_restores_what_is_missing_and_touches_nothing_else() {
    let (world, person, _, session) = running().await;
    let rule_id = String::from("019c9459-0000-7000-8000-000000000000");
    let mark = |org: &str| Some(RuleTag { deployment: None, org: org.into(), rule: rule_id.clone() });
    let cloud = &world.app.cloud;
    cloud.add_rule(&group(1), rule("198.51.100.1|tcp|22-22", mark(ORG)));
    let theirs = cloud.add_rule(&group(1), rule("198.51.100.2|tcp|22-22", mark("globex")));
    let untagged = cloud.add_rule(&group(1), rule("198.51.100.3|tcp|22-22", None));
    let own = world.rules(1)[0].id.clone();
    cloud.remove_rule(&group(1), &own);
    assert_eq!(world.app.reconcile().await["groups"], 0, "it is not time yet");
    world.app.advance_seconds(3600);
    let report = world.app.reconcile().await;
    assert_eq!(
        (&report["orphans"], &report["missing"], &report["altered"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(world.addresses(1), ["198.51.100.2/32", "198.51.100.3/32", &format!("{SOURCE}/32")]);
    let left: Vec<_> = world.rules(1).into_iter().map(|rule| rule.id).collect();
    assert!(left.contains(&theirs) && left.contains(&untagged));
    let row = &shown(&person, &session).await["resourceIps"][0];
    assert_eq!(row["status"], "APPLIED");
    let seen = events(&world).await;
    assert!(seen.contains(&"RULE_ORPHAN".into()) && seen.contains(&"RULE_MISSING".into()));
}

#[tokio::test]
async fn a_rule_that_somebody_altered_is_reported_and_goes_with_its_session() {
    let (world, _, _, session) = running().await;
    let own = world.rules(1)[0].id.clone();
    let wide = Ingress::parse("198.51.100.9|tcp|1-65535");
    world.app.cloud.edit_rule(&group(1), &own, |rule| rule.ingress = wide);
    world.app.advance_seconds(3600);
    let report = world.app.reconcile().await;
    assert_eq!((&report["altered"], &report["missing"]), (&json!(1), &json!(1)));
    assert_eq!(world.rules(1).len(), 2, "the altered one stays for somebody to look at");
    assert!(events(&world).await.contains(&"RULE_ALTERED".into()));
    world.app.advance_seconds(7 * 3600);
    world.app.sweep().await;
    world.app.reconcile().await;
    assert!(world.rules(1).is_empty(), "{:?}", world.rules(1));
    let person = world.app.bearer(&world.app.token("grace", ORG, &["USER"]));
    assert_eq!(shown(&person, &session).await["status"], "EXPIRED");
}

#[tokio::test]
async fn a_rule_that_was_there_before_is_used_and_never_removed() {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let before = world.app.cloud.add_rule(&group(1), rule(&format!("{SOURCE}|tcp|22-22"), None));
    let person = world.person("grace", &[&resource]).await;
    let session = start(&person, json!({})).await;
    world.app.settle().await;
    let active = shown(&person, &session).await;
    assert_eq!(active["resourceIps"][0]["providerRuleId"], json!(before));
    stop(&world, &person, &session).await;
    assert_eq!(shown(&person, &session).await["status"], "CANCELLED");
    assert_eq!(world.rules(1).iter().map(|rule| &rule.id).collect::<Vec<_>>(), [&before]);
}

#[tokio::test]
async fn a_group_that_is_gone_ends_sessions_and_fails_new_ones() {
    let (world, person, resource, session) = running().await;
    world.app.cloud.remove_group(&group(1));
    stop(&world, &person, &session).await;
    assert_eq!(shown(&person, &session).await["status"], "CANCELLED");
    let next = start(&person, json!({})).await;
    world.app.settle().await;
    let failed = shown(&person, &next).await;
    assert_eq!(failed["status"], "FAILED");
    assert!(failed["resourceIps"][0]["errorMessage"].as_str().unwrap().contains("does not exist"));
    assert_eq!((world.live(&resource).await, world.ledger().await.len()), (0, 0));
}

/// A resource that points elsewhere by now does not strand the rule that was made before.
#[tokio::test]
async fn a_changed_resource_loses_no_rule() {
    let (world, person, resource, session) = running().await;
    let admin = world.app.admin();
    let other = admin.new_credential("Other").await;
    let body =
        json!({"resourceIdentifier": group(2).group_id, "credentialId": other, "config": {"port": 443}});
    let _ = admin.patch(&format!("/resources/{resource}"), body).await.expect(200);
    stop(&world, &person, &session).await;
    assert!(world.rules(1).is_empty() && world.rules(2).is_empty());
    assert_eq!(shown(&person, &session).await["status"], "CANCELLED");
    assert_eq!(world.live(&resource).await, 0);
}
