//! Rules that wait after a failed attempt, and what has them tried again at once.

use model::credential::CredentialUpdate;
use model::credential::input::{Given, GivenFields};
use model::precondition::Precondition;
use serde_json::{Value, json};
use support::ledger::unrest;
use support::{ORG, Reply, actor, org};

use crate::killed::Killed;
use crate::running::{Running, key};
use crate::world::{World, group, row_states, shown, start};

/// Somebody's session is over, and its rule cannot be removed: the provider refuses the credential's key.
async fn with_stuck_rule() -> Running {
    let stuck = Running::new().await;
    stuck.world.app.cloud.deny("AKIA1");
    stuck.stop().await;
    assert_eq!(stuck.rule().await["state"], "STUCK");
    stuck
}

impl Running {
    /// The rule, as the ledger shows it.
    async fn rule(&self) -> Value {
        self.world.ledger().await[0].clone()
    }

    /// The rule's item.
    async fn item(&self) -> Value {
        let table = self.world.app.db_table().await;
        table.into_values().find(|item| item["entity"] == "RULE").expect("a rule")
    }

    async fn put_key(&self, id: &str) -> Reply {
        self.world.app.admin().put(&self.credential(), json!({"name": "AWS", "value": key(id)})).await
    }

    async fn retry(&self) -> Reply {
        let path = format!("/rules/{}/retry", self.rule().await["id"].as_str().unwrap());
        self.world.app.admin().post_empty(&path).await
    }

    /// Nothing is left of the rule, and its session knows.
    async fn assert_gone(&self) {
        self.world.app.settle().await;
        assert!(self.world.rules(1).is_empty() && self.world.ledger().await.is_empty());
        let session = shown(&self.person, &self.session).await;
        assert_eq!((&session["status"], row_states(&session)), (&json!("CANCELLED"), vec!["REMOVED"]));
        // A look that came while the rule was there is followed by one in five minutes.
        for _ in 0..6 {
            self.world.app.advance_seconds(60);
            self.world.app.sweep().await;
        }
        assert_eq!(unrest(&self.world.app).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_new_value_of_its_credential_has_a_stuck_rule_removed_at_once() {
    let stuck = with_stuck_rule().await;
    let _ = stuck.put_key("AKIA2").await.expect(200);
    stuck.assert_gone().await;
    let stuck = with_stuck_rule().await;
    let admin = stuck.world.app.admin();
    let _ = admin.patch(&stuck.credential(), json!({"value": key("AKIA2")})).await.expect(200);
    stuck.assert_gone().await;
}

/// No provider refused it: nobody could be asked.
#[tokio::test]
async fn a_credential_for_no_cloud_is_repaired_like_one_that_was_refused() {
    let stuck = with_stuck_rule().await;
    let admin = stuck.world.app.admin();
    for broken in [json!({"credential_type": null}), json!({"value": {"accessKeyId": "AKIA3"}})] {
        let _ = admin.patch(&stuck.credential(), broken).await.expect(200);
        stuck.world.app.settle().await;
        assert_eq!(stuck.rule().await["state"], "STUCK");
    }
    let repaired = json!({"credential_type": "ACCESS_KEY", "value": key("AKIA2")});
    let _ = admin.patch(&stuck.credential(), repaired).await.expect(200);
    stuck.assert_gone().await;
}

#[tokio::test]
async fn a_verification_that_succeeds_has_the_groups_rules_tried_at_once() {
    let stuck = with_stuck_rule().await;
    let (before, path) = (stuck.item().await, format!("/resources/{}/verify", stuck.resource));
    let _ = stuck.world.app.admin().post_empty(&path).await.expect(400);
    assert_eq!(stuck.item().await, before, "a refusal wakes nobody");
    stuck.world.app.cloud.allow("AKIA1");
    let _ = stuck.world.app.admin().post_empty(&path).await.expect(200);
    stuck.assert_gone().await;
}

/// A verification that cannot be finished is repeated as a whole.
#[tokio::test]
async fn a_verification_without_the_rules_of_its_group_is_not_recorded() {
    let stuck = with_stuck_rule().await;
    stuck.world.app.cloud.allow("AKIA1");
    let (admin, path) = (stuck.world.app.admin(), format!("/resources/{}/verify", stuck.resource));
    let verified = |reply: Reply| reply.json["lastVerifiedAt"].clone();
    let before = verified(admin.get(&format!("/resources/{}", stuck.resource)).await);
    stuck.world.app.advance_seconds(60);
    let admin = admin.with_header("idempotency-key", "verify-1");
    let lost = json!({"__type": "AccessDeniedException"});
    // The first query is the credential's partition.
    stuck.world.app.proxy.fail_after("Query", 1, 400, &lost);
    let _ = admin.post_empty(&path).await.expect(500);
    assert_eq!(verified(admin.get(&format!("/resources/{}", stuck.resource)).await), before);
    let _ = admin.post_empty(&path).await.expect(200);
    stuck.assert_gone().await;
}

#[tokio::test]
async fn an_administrator_has_a_rule_tried_at_once_and_sees_why_it_waited() {
    let stuck = with_stuck_rule().await;
    let before = stuck.rule().await;
    // Refused again: it is stuck as before.
    assert_eq!(stuck.retry().await.expect(200).json, json!({"message": "Rule is tried again"}));
    let due = stuck.rule().await;
    assert_eq!((&due["state"], &due["attempts"]), (&json!("UNWANTED"), &json!(0)));
    assert_eq!(due["lastError"], before["lastError"]);
    stuck.world.app.settle().await;
    assert_eq!(stuck.rule().await["state"], "STUCK");
    stuck.world.app.cloud.allow("AKIA1");
    let _ = stuck.retry().await.expect(200);
    let log = stuck.world.app.admin().get("/audit-logs?eventType=RULE_RETRY").await.expect(200).json;
    let (rows, details) = (log["content"].as_array().unwrap(), &log["content"][0]["details"]);
    assert_eq!((rows.len(), &rows[0]["resourceId"]), (2, &before["id"]));
    assert_eq!((&details["state"], &details["lastError"]), (&json!("STUCK"), &before["lastError"]));
    stuck.assert_gone().await;
}

#[tokio::test]
async fn a_rule_that_is_there_is_not_tried_again() {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let person = world.person("grace", &[&resource]).await;
    let _ = start(&person, json!({})).await;
    world.app.settle().await;
    let admin = world.app.admin();
    let path = format!("/rules/{}/retry", world.ledger().await[0]["id"].as_str().unwrap());
    let before = world.app.db_items().await;
    let reply = admin.post_empty(&path).await.expect(400);
    assert_eq!(reply.json["message"], "Only a rule that waits for an attempt can be tried again");
    let _ = admin.post_empty("/rules/550e8400-e29b-41d4-a716-446655440000/retry").await.expect(404);
    assert_eq!(world.app.db_items().await, before);
    // Nor is it woken by its credential.
    let generation = |table: &std::collections::BTreeMap<(String, String), Value>| {
        table.values().find(|item| item["entity"] == "RULE").expect("a rule")["generation"].clone()
    };
    let before = generation(&world.app.db_table().await);
    let body = json!({"name": "AWS", "value": key("AKIA2")});
    let _ = admin.put(&format!("/credentials/{}/", world.credential), body).await.expect(200);
    let _ = admin.post_empty(&format!("/resources/{resource}/verify")).await.expect(200);
    world.app.sweep().await;
    assert_eq!(generation(&world.app.db_table().await), before);
}

/// An application that failed waits as well.
#[tokio::test]
async fn a_wanted_rule_is_tried_again() {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let person = world.person("grace", &[&resource]).await;
    world.app.cloud.set_down(true);
    let session = start(&person, json!({})).await;
    world.app.settle().await;
    world.app.cloud.set_down(false);
    let rule = world.ledger().await[0].clone();
    assert_eq!((&rule["state"], &rule["attempts"]), (&json!("WANTED"), &json!(1)));
    let path = format!("/rules/{}/retry", rule["id"].as_str().unwrap());
    let _ = world.app.admin().post_empty(&path).await.expect(200);
    world.app.settle().await;
    assert_eq!(shown(&person, &session).await["status"], "ACTIVE");
}

/// The rule was made with a credential that its resource has left; the resource's present one gets a new value.
#[tokio::test]
async fn the_present_credential_of_the_rules_resource_wakes_it() {
    let stuck = with_stuck_rule().await;
    let admin = stuck.world.app.admin();
    let next = stuck.move_resource().await;
    let unrelated = json!({"name": "Unrelated", "credential_type": "ACCESS_KEY", "value": key("AKIA8")});
    let unrelated = admin.post("/credentials/", unrelated).await.expect(201).id();
    let before = stuck.item().await;
    for (credential, is_woken) in [(&unrelated, false), (&next, true)] {
        let path = format!("/credentials/{credential}/");
        let _ = admin.patch(&path, json!({"value": key("AKIA9")})).await.expect(200);
        let after = stuck.item().await;
        assert_eq!(after["generation"] != before["generation"], is_woken, "{credential}");
    }
    let after = stuck.item().await;
    assert_eq!((&after["found"]["attempts"], &after["found"]["isRefused"]), (&json!(0), &json!(false)));
    assert_eq!(after["found"]["lastError"], before["found"]["lastError"]);
    assert_eq!(after["revision"], before["revision"], "nothing was found out");
}

/// The request broke off after its transaction.
#[tokio::test]
async fn what_a_new_value_owes_is_done_by_the_sweeper() {
    let stuck = with_stuck_rule().await;
    // The first query is the credential's partition, the second the list of rules.
    stuck.world.app.proxy.fail_after("Query", 1, 400, &json!({"__type": "AccessDeniedException"}));
    let _ = stuck.put_key("AKIA2").await.expect(200);
    stuck.world.app.settle().await;
    assert_eq!(stuck.rule().await["state"], "STUCK");
    stuck.world.app.sweep().await;
    assert!(stuck.world.rules(1).is_empty(), "in the same run");
    stuck.assert_gone().await;
}

/// The list of rules follows the table, sometimes late.
#[tokio::test]
async fn a_rule_that_the_list_shows_late_is_woken_all_the_same() {
    let stuck = with_stuck_rule().await;
    let nothing = json!({"Items": [], "Count": 0, "ScannedCount": 0});
    stuck.world.app.proxy.fail_after("Query", 1, 200, &nothing);
    let _ = stuck.put_key("AKIA2").await.expect(200);
    stuck.world.app.settle().await;
    assert_eq!(stuck.rule().await["state"], "STUCK");
    let credential = stuck.credential_id();
    let app = &stuck.world.app;
    app.proxy.fail_after("Query", 1, 200, &nothing);
    assert!(app.db.process_due_credential(&org(ORG), credential, app.now()).await.unwrap().is_empty());
    let woken = app.db.process_due_credential(&org(ORG), credential, app.now()).await.unwrap();
    assert_eq!(woken.into_iter().collect::<Vec<_>>(), [group(1)]);
    stuck.assert_gone().await;
}

fn new_value(id: &str) -> CredentialUpdate {
    let mut fields = GivenFields::default();
    fields.set("value".into(), Given::Json { value: key(id), raw: key(id).to_string() });
    CredentialUpdate::read_partial(&fields).unwrap()
}

/// Changes the value, and is killed after so many polls. Whether the change has happened, and whether it was done.
async fn change_and_die(stuck: &Running, polls: usize) -> (bool, bool) {
    let (app, id) = (&stuck.world.app, stuck.credential_id());
    let record = app.db.credential(&org(ORG), id).await.unwrap().unwrap();
    let (before, update) = (record.tag().unwrap(), new_value("AKIA2"));
    let (actor, none) = (actor(ORG), Precondition::None);
    let change = app.db.update_credential(&app.vault, &actor, record, &update, &none, app.now());
    let is_done = Killed::after(polls, change).await.is_some();
    let record = app.db.credential(&org(ORG), id).await.unwrap().unwrap();
    (record.tag().unwrap() != before, is_done)
}

/// A change that is killed at any await has not happened, or the rule goes with the next sweep.
#[tokio::test]
async fn a_change_of_the_value_can_die_anywhere() {
    let mut died_after_the_change = 0;
    for polls in 1.. {
        let stuck = with_stuck_rule().await;
        let (has_changed, is_done) = change_and_die(&stuck, polls).await;
        stuck.world.app.sweep().await;
        assert_eq!(stuck.world.rules(1).is_empty(), has_changed, "after {polls} polls");
        if has_changed {
            stuck.assert_gone().await;
            died_after_the_change += usize::from(!is_done);
        }
        if is_done {
            break;
        }
    }
    assert!(died_after_the_change > 0, "there is nothing to kill");
}
