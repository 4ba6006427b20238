//! Former values of credentials: they stay until the rules that may need them are gone.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use support::ledger::unrest;
use support::{ORG, org};

use crate::running::{Running, key};
use crate::world::{row_states, shown, start};

impl Running {
    async fn replace(&self) {
        let body = json!({"value": key("AKIA2")});
        let _ = self.world.app.admin().patch(&self.credential(), body).await.expect(200);
    }

    async fn sweeps(&self, count: usize, seconds: i64) {
        for _ in 0..count {
            self.world.app.advance_seconds(seconds);
            assert_eq!(self.world.app.sweep().await["failed"], 0);
        }
    }

    /// How many former values are kept.
    async fn kept(&self) -> usize {
        self.world.app.db.former_values(&org(ORG), self.credential_id()).await.unwrap().len()
    }

    /// The keys of the items, audit rows aside, that name the credential.
    async fn left(&self) -> Vec<(String, String)> {
        let (objects, id) = (self.world.app.db_objects().await, self.credential_id().to_string());
        let names =
            |(at, item): &(&(String, String), &Value)| at.0.contains(&id) || item.to_string().contains(&id);
        objects.iter().filter(names).map(|(at, _)| at.clone()).collect()
    }
}

#[tokio::test]
async fn a_credential_with_which_rules_were_made_is_not_deleted() {
    let used = Running::new().await;
    let admin = used.world.app.admin();
    let _ = used.move_resource().await;
    let before = used.world.app.db_objects().await;
    let reply = admin.delete(&used.credential()).await.expect(400);
    let sentence = "Cannot delete credential that 1 rule was made with. It must be removed first.";
    assert_eq!(reply.json, json!({"non_field_errors": [sentence]}));
    assert_eq!(used.world.app.db_objects().await, before);
    let log = admin.get("/audit-logs?eventType=CREDENTIAL_DELETE").await.expect(200).json;
    let row = &log["content"][0];
    assert_eq!(
        (&row["result"], &row["details"]),
        (&json!("REFUSED"), &json!({"reason": "CREDENTIAL_HAS_RULES"}))
    );
    used.stop().await;
    assert!(used.world.rules(1).is_empty());
    let _ = admin.delete(&used.credential()).await.expect(204);
    used.sweeps(2, 60).await;
    assert_eq!(unrest(&used.world.app).await, Vec::<String>::new());
}

/// The list of rules follows the table, sometimes late.
#[tokio::test]
async fn a_rule_that_a_deletion_overlooked_is_removed_with_the_deleted_value() {
    let used = Running::new().await;
    let admin = used.world.app.admin();
    let _ = used.move_resource().await;
    // The resource's present credential is of no use: only the deleted one can remove the rule.
    used.world.app.cloud.deny("AKIA7");
    // The first query is the credential's partition, the second the list of rules.
    let nothing = json!({"Items": [], "Count": 0, "ScannedCount": 0});
    used.world.app.proxy.fail_after("Query", 1, 200, &nothing);
    let _ = admin.delete(&used.credential()).await.expect(204);
    let _ = admin.get(&used.credential()).await.expect(404);
    used.sweeps(12, 60).await;
    assert_eq!(used.kept().await, 1);
    used.stop().await;
    assert!(used.world.rules(1).is_empty());
    assert_eq!(row_states(&shown(&used.person, &used.session).await), ["REMOVED"]);
    used.sweeps(6, 60).await;
    let left = used.left().await;
    // The comparisons of the group and the session's row still name it.
    assert!(left.iter().all(|(pk, _)| pk.contains("#GROUP#") || pk.contains("#SESSION#")), "{left:?}");
    assert_eq!(unrest(&used.world.app).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_former_value_goes_when_no_rule_needs_it() {
    let used = Running::new().await;
    used.replace().await;
    used.sweeps(12, 60).await;
    assert_eq!(used.kept().await, 1);
    used.replace().await;
    assert_eq!(used.kept().await, 2);
    used.sweeps(12, 60).await;
    assert_eq!(used.kept().await, 2);
    used.stop().await;
    assert_eq!(used.kept().await, 2);
    used.sweeps(6, 60).await;
    assert_eq!(used.kept().await, 0);
    assert_eq!(unrest(&used.world.app).await, Vec::<String>::new());
}

/// The list of rules lags: one look at it is not enough.
#[tokio::test]
async fn a_former_value_does_not_go_with_the_first_look() {
    let used = Running::new().await;
    used.replace().await;
    let nothing = json!({"Items": [], "Count": 0, "ScannedCount": 0});
    let (db, now) = (&used.world.app.db, used.world.app.now());
    used.world.app.proxy.fail_after("Query", 1, 200, &nothing);
    db.process_due_credential(&org(ORG), used.credential_id(), now).await.unwrap();
    assert_eq!(used.kept().await, 1);
    db.process_due_credential(&org(ORG), used.credential_id(), now).await.unwrap();
    assert_eq!(used.kept().await, 1);
}

/// A credential that is always in use has rules at any time: those that are younger were not made with the former value.
#[tokio::test]
async fn a_younger_rule_keeps_no_former_value() {
    let used = Running::new().await;
    used.replace().await;
    used.world.app.advance_seconds(3601);
    let person = used.world.app.bearer(&used.world.app.token("grace", ORG, &["USER"]));
    let _ = start(&person, json!({"ipv4Address": "198.51.100.5", "durationHours": 8})).await;
    used.world.app.settle().await;
    used.sweeps(8, 60).await;
    assert_eq!(used.kept().await, 1);
    used.stop().await;
    used.sweeps(8, 60).await;
    assert_eq!((used.kept().await, used.world.rules(1).len()), (0, 1));
}

/// Nobody knows which value a rule needs that cannot be read.
#[tokio::test]
async fn an_unreadable_rule_keeps_every_former_value() {
    let used = Running::new().await;
    used.replace().await;
    let app = &used.world.app;
    let rules = used.world.places("RULE").await;
    for name in ["credentialId", "resourceId"] {
        used.world.set_attribute(&rules[0], name, AttributeValue::S("no id".into())).await;
    }
    for _ in 0..4 {
        app.db.process_due_credential(&org(ORG), used.credential_id(), app.now()).await.unwrap();
    }
    assert_eq!(used.kept().await, 1);
}
