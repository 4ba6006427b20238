//! A rule is gone only when that is certain: whatever looks show late, answers leave out, and other people do to the rules.

use firewall::simulated::{Fault, Gate, Operation};
use serde_json::json;
use support::{InFunction as _, ORG, org};
use workers::{RuleWorker, SessionSweeper};

use crate::scene::Scene;
use crate::world::group;
#[tokio::test]
async fn a_rule_without_its_tag_is_not_forgotten_when_its_removal_gets_lost() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    scene.take_the_tag_off();
    scene.world.app.cloud.fault_next_of(Operation::Revoke, Fault::Lose);
    scene.stop(&session).await;
    scene.work().await;
    assert_eq!(scene.status(&session).await, "EXPIRING");
    scene.ends_within(2, &session).await;
}

#[tokio::test]
async fn a_rule_without_its_tag_is_stuck_when_its_removal_is_denied() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    scene.take_the_tag_off();
    scene.cloud.deny_removals(true);
    scene.stop(&session).await;
    scene.work().await;
    assert_eq!(scene.world.ledger().await[0]["state"], "STUCK");
    // The next session of the same address takes it for what it is, and does not leave it behind.
    scene.cloud.deny_removals(false);
    let next = scene.start().await;
    scene.work().await;
    assert_eq!(scene.status(&next).await, "ACTIVE");
    scene.stop(&next).await;
    scene.work().await;
    scene.ends_within(1, &next).await;
}

#[tokio::test]
async fn a_rule_that_was_made_and_is_not_visible_yet_is_not_gone() {
    let scene = Scene::new().await;
    scene.cloud.freeze(&group(1));
    let session = scene.start().await;
    scene.work().await;
    assert_eq!((scene.status(&session).await.as_str(), scene.world.rules(1).len()), ("PENDING", 1));
    scene.stop(&session).await;
    scene.work().await;
    assert_eq!(scene.status(&session).await, "EXPIRING");
    scene.cloud.thaw();
    scene.ends_within(3, &session).await;
}

#[tokio::test]
async fn a_call_that_arrives_after_the_stop_leaves_no_rule() {
    for minutes_under_way in [0, 1] {
        let scene = Scene::new().await;
        scene.cloud.make_late(true);
        let session = scene.start().await;
        scene.work().await;
        scene.stop(&session).await;
        scene.work().await;
        scene.sweeps(minutes_under_way).await;
        scene.cloud.arrive().await;
        assert_eq!(scene.world.rules(1).len(), 1);
        scene.ends_within(3, &session).await;
    }
}

#[tokio::test]
async fn a_second_call_that_arrives_after_the_removal_leaves_no_rule() {
    let scene = Scene::new().await;
    scene.cloud.make_late(true);
    let session = scene.start().await;
    scene.work().await;
    // The next attempt succeeds, and the first is still under way.
    scene.cloud.make_late(false);
    scene.world.app.advance_seconds(11);
    scene.work().await;
    assert_eq!(scene.status(&session).await, "ACTIVE");
    scene.stop(&session).await;
    scene.work().await;
    scene.cloud.arrive().await;
    assert_eq!(scene.world.rules(1).len(), 1);
    scene.ends_within(3, &session).await;
}

#[tokio::test]
async fn a_rule_goes_with_the_value_that_made_it() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    let credential = scene.world.credential.clone();
    let other = firewall::AccountId::from_number(2);
    scene.world.app.cloud.put_key_into_account("AKIA2", other);
    let replace = async |key: &str| {
        let value = json!({"accessKeyId": key, "secretAccessKey": "s"});
        let body = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
        let _ = scene.world.app.admin().put(&format!("/credentials/{credential}/"), body).await.expect(200);
    };
    replace("AKIA2").await;
    scene.stop(&session).await;
    scene.work().await;
    assert!(scene.world.rules(1).is_empty(), "the former value reaches its account");
    scene.ends_within(12, &session).await;
}

/// Nobody has the former value any more: the rule is shown as stuck, and is removed when the account can be reached again.
#[tokio::test]
async fn a_rule_in_an_account_that_nobody_reaches_is_stuck_and_not_forgotten() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    let other = firewall::AccountId::from_number(2);
    scene.world.app.cloud.put_key_into_account("AKIA1", other);
    scene.stop(&session).await;
    scene.work().await;
    scene.sweeps(2).await;
    let stuck = scene.world.ledger().await;
    assert_eq!((stuck[0]["state"].as_str(), scene.world.rules(1).len()), (Some("STUCK"), 1));
    let why = stuck[0]["lastError"].as_str().unwrap();
    assert!(
        why.contains("made in account 000000000001") && why.contains("reaches account 000000000002"),
        "{why}"
    );
    scene.world.app.cloud.put_key_into_account("AKIA1", firewall::AccountId::from_number(1));
    scene.world.app.advance_seconds(25 * 3600);
    scene.ends_within(1, &session).await;
}

/// The clock of the second worker is a minute ahead, so that the lease of the first looks as if it were over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_a_minute_ahead_leaves_no_rule_without_an_entry() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    let gate = Gate::default();
    scene.world.app.cloud.fault_next_of(Operation::Authorize, Fault::Delay(gate.clone()));
    let (context, now) = (scene.worker_context(), scene.world.app.now());
    let applying = tokio::spawn(async move {
        RuleWorker::new(context).run([(org(ORG), group(1))], now).in_function("rule-worker").await
    });
    gate.reached().await;
    scene.stop(&session).await;
    let ahead = now.plus_seconds(60);
    let _ = RuleWorker::new(scene.worker_context())
        .run([(org(ORG), group(1))], ahead)
        .in_function("rule-worker")
        .await;
    assert_eq!(scene.status(&session).await, "EXPIRING");
    gate.open();
    let _ = applying.await.unwrap();
    scene.ends_within(3, &session).await;
}

/// The run had lasted for 40 seconds when the call was sent, and the clock of the next worker is a minute ahead.
#[tokio::test]
async fn a_call_at_the_end_of_a_run_is_waited_for_by_a_clock_that_is_ahead() {
    let scene = Scene::new().await;
    scene.cloud.make_late(true);
    let session = scene.start().await;
    scene.work().await;
    scene.stop(&session).await;
    for seconds in [11, 101, 130] {
        let ahead = scene.world.app.now().plus_seconds(seconds);
        let _ = RuleWorker::new(scene.worker_context())
            .run([(org(ORG), group(1))], ahead)
            .in_function("rule-worker")
            .await;
        assert_eq!(scene.status(&session).await, "EXPIRING", "{seconds}");
    }
    scene.cloud.arrive().await;
    scene.ends_within(6, &session).await;
}

#[tokio::test]
async fn a_provider_that_is_always_too_slow_makes_the_rule_stuck() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    scene.cloud.hang("AKIA1");
    scene.stop(&session).await;
    let quick = workers::Pace { visit: std::time::Duration::from_millis(100), ..workers::Pace::SCHEDULE };
    for _ in 0..20 {
        scene.world.app.advance_seconds(61);
        let sweeper = SessionSweeper::new(scene.worker_context()).at_pace(quick);
        let _ = sweeper.run(scene.world.app.now()).in_function("session-sweeper").await.unwrap();
    }
    let stuck = scene.world.ledger().await;
    assert_eq!(stuck[0]["state"], "STUCK", "{stuck:?}");
    assert!(stuck[0]["lastError"].as_str().unwrap().contains("no answer"));
    scene.cloud.heal();
    scene.world.app.advance_seconds(600);
    scene.ends_within(2, &session).await;
}

#[tokio::test]
async fn a_credential_that_cannot_be_read_makes_the_rule_stuck() {
    let scene = Scene::new().await;
    let session = scene.start().await;
    scene.work().await;
    scene.world.set_shapes("CREDENTIAL", 2).await;
    scene.stop(&session).await;
    scene.work().await;
    let stuck = scene.world.ledger().await;
    assert_eq!((stuck[0]["state"].as_str(), scene.world.rules(1).len()), (Some("STUCK"), 1));
    scene.world.set_shapes("CREDENTIAL", 1).await;
    scene.world.app.advance_seconds(25 * 3600);
    scene.ends_within(1, &session).await;
}
