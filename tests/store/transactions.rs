//! Transactions that DynamoDB cancels, throttles or fails: what is retried, what is an answer, what is a defect.

use model::id::{ResourceId, RoleId};
use model::ingress::GroupRef;
use model::link::{Link, LinkKind};
use model::refusal::Refusal;
use serde_json::{Value, json};
use store::{CALL_ATTEMPTS, StoreError};
use support::{ORG, TestApp, Trouble, actor, org};

use crate::fixture::{audited, refusal, resource_id, role_id};

const CONDITION: &str = "ConditionalCheckFailed";
const CONFLICT: &str = "TransactionConflict";
/// The writes of an assignment: the role, the resource, the two link items, the audit row.
const WRITES: usize = 5;
/// Attempts of a transaction that keeps meeting another one.
const ATTEMPTS: usize = 13;
/// Attempts of the SDK at a call that fails in a passing way.
const SDK_ATTEMPTS: usize = CALL_ATTEMPTS as usize;

struct Ready {
    app: TestApp,
    role: RoleId,
    resource: ResourceId,
}

impl Ready {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin();
        let credential = admin.new_credential("AWS").await;
        let (resource, role) = (admin.new_resource(&credential).await, admin.new_role("Developers").await);
        app.proxy.take_calls();
        app.proxy.take_bodies();
        Self { role: role_id(&role), resource: resource_id(&resource), app }
    }

    async fn assign(&self) -> Result<(), StoreError> {
        self.app.db.assign(&actor(ORG), &Link::RoleResource(self.role, self.resource), self.app.now()).await
    }

    /// How many assignments are on record.
    async fn recorded(&self) -> usize {
        let rows = audited(&self.app.db_table().await);
        rows.iter().filter(|(event, _)| event == "ROLE_RESOURCE_ASSIGN").count()
    }

    /// The idempotency tokens of the transactions since the last time.
    fn tokens(&self) -> Vec<String> {
        let calls = self.app.proxy.take_bodies();
        let transactions = calls.into_iter().filter(|(target, _)| target.ends_with(".TransactWriteItems"));
        transactions.map(|(_, body)| body["ClientRequestToken"].as_str().unwrap().into()).collect()
    }
}

/// Reasons for a cancellation, all `None` but for these.
fn reasons(at: &[(usize, &'static str)]) -> [&'static str; WRITES] {
    let mut reasons = ["None"; WRITES];
    for (position, code) in at {
        reasons[*position] = code;
    }
    reasons
}

fn error(kind: &str) -> Value {
    json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": "a fault of the test"})
}

#[tokio::test]
async fn a_failure_that_says_nothing_about_the_conditions_is_retried() {
    for codes in [
        reasons(&[(0, CONFLICT)]),
        reasons(&[(4, CONFLICT)]),
        reasons(&[(1, "ThrottlingError")]),
        reasons(&[(2, "ProvisionedThroughputExceeded")]),
        reasons(&[(0, CONDITION), (1, CONFLICT)]),
        reasons(&[(1, CONFLICT), (3, CONDITION)]),
        reasons(&[(0, CONDITION), (1, "ThrottlingError"), (2, CONFLICT)]),
    ] {
        let ready = Ready::new().await;
        ready.app.proxy.cancel_next(&codes);
        ready.assign().await.unwrap();
        let tokens = ready.tokens();
        assert_eq!(tokens.len(), 2, "{codes:?}");
        assert_eq!(tokens[0], tokens[1], "one of them may have happened, and its answer been lost");
        assert_eq!(ready.recorded().await, 1, "{codes:?}");
        assert_eq!(refusal(ready.assign().await), Refusal::AlreadyAssigned(LinkKind::RoleResource));
    }
}

#[tokio::test]
async fn the_first_false_condition_is_the_refusal_and_is_not_tried_again() {
    let ready = Ready::new().await;
    let role = Refusal::RoleNotFound(ready.role);
    let resource = Refusal::ResourceNotFound(ready.resource);
    for (codes, expected) in [
        (reasons(&[(0, CONDITION)]), role.clone()),
        (reasons(&[(1, CONDITION)]), resource.clone()),
        (reasons(&[(2, CONDITION)]), Refusal::AlreadyAssigned(LinkKind::RoleResource)),
        (reasons(&[(3, CONDITION)]), Refusal::AlreadyAssigned(LinkKind::RoleResource)),
        (reasons(&[(0, CONDITION), (1, CONDITION), (2, CONDITION), (3, CONDITION)]), role),
        (reasons(&[(1, CONDITION), (3, CONDITION)]), resource),
    ] {
        ready.app.proxy.cancel_next(&codes);
        assert_eq!(refusal(ready.assign().await), expected, "{codes:?}");
        assert_eq!(ready.app.proxy.take_calls(), ["TransactWriteItems"]);
    }
    assert_eq!(ready.recorded().await, 0);
}

#[tokio::test]
async fn a_stale_read_is_repeated() {
    let ready = Ready::new().await;
    let (admin, proxy) = (ready.app.admin(), &ready.app.proxy);
    proxy.cancel_next(&[CONDITION, "None"]);
    let _ =
        admin.patch(&format!("/resources/{}", ready.resource), json!({"name": "Renamed"})).await.expect(200);
    let calls = proxy.take_calls();
    assert_eq!(calls[..4], ["GetItem", "TransactWriteItems", "GetItem", "TransactWriteItems"]);
    assert_eq!(calls[4..], ["UpdateItem"; 16], "its shards");
    proxy.cancel_next(&[CONDITION, "None", "None", "None"]);
    let _ = admin.delete(&format!("/resources/{}", ready.resource)).await.expect(404);
    assert_eq!(
        proxy.take_calls(),
        ["Query", "BatchGetItem", "TransactWriteItems"],
        "an item that is gone needs no second look"
    );
    proxy.cancel_next(&["None", CONDITION, "None", "None"]);
    let _ = admin.delete(&format!("/resources/{}", ready.resource)).await.expect(204);
    let once = ["Query", "BatchGetItem", "TransactWriteItems"];
    assert_eq!(proxy.take_calls(), [once, once].concat());
}

#[tokio::test]
async fn conflicts_are_retried_twelve_times_and_no_more() {
    let (lucky, unlucky) = tokio::join!(Ready::new(), Ready::new());
    for _ in 1..ATTEMPTS {
        lucky.app.proxy.cancel_next(&reasons(&[(0, CONFLICT)]));
        unlucky.app.proxy.cancel_next(&reasons(&[(0, CONFLICT), (1, CONDITION)]));
    }
    unlucky.app.proxy.cancel_next(&reasons(&[(0, CONFLICT), (1, CONDITION)]));
    let before = unlucky.app.db_table().await;
    unlucky.app.proxy.take_calls();
    let (last, gave_up) = tokio::join!(lucky.assign(), unlucky.assign());
    last.unwrap();
    assert_eq!(lucky.app.proxy.take_calls(), ["TransactWriteItems"; ATTEMPTS]);
    assert_eq!(lucky.recorded().await, 1);
    assert!(matches!(gave_up, Err(StoreError::Busy(_))), "{gave_up:?}");
    assert_eq!(unlucky.app.proxy.take_calls(), ["TransactWriteItems"; ATTEMPTS]);
    assert_eq!(unlucky.app.db_table().await, before);
}

#[tokio::test]
async fn an_unknown_reason_is_a_defect_at_once() {
    let ready = Ready::new().await;
    for codes in [
        reasons(&[(0, "ValidationError")]),
        reasons(&[(0, CONFLICT), (2, "ItemCollectionSizeLimitExceeded")]),
        reasons(&[(0, CONDITION), (4, "ValidationError")]),
        reasons(&[(4, CONDITION)]),
        reasons(&[]),
    ] {
        ready.app.proxy.cancel_next(&codes);
        let failed = ready.assign().await;
        assert!(matches!(failed, Err(StoreError::Defect(_))), "{codes:?}: {failed:?}");
        assert_eq!(ready.app.proxy.take_calls(), ["TransactWriteItems"], "{codes:?}");
    }
    assert_eq!(ready.recorded().await, 0);
}

#[tokio::test]
async fn a_fault_of_dynamodb_is_tried_again_as_the_same_request() {
    let ready = Ready::new().await;
    ready.app.proxy.fail_next("TransactWriteItems", 500, &error("InternalServerError"));
    ready.assign().await.unwrap();
    let tokens = ready.tokens();
    assert_eq!(tokens.len(), 2);
    assert_eq!(tokens[0], tokens[1], "a lost answer must not let the writes happen twice");
    assert_eq!(ready.recorded().await, 1);
}

#[tokio::test]
async fn a_fault_that_lasts_is_busy_or_a_defect() {
    for (kind, status, attempts, busy) in [
        ("InternalServerError", 500, SDK_ATTEMPTS, true),
        ("ProvisionedThroughputExceededException", 400, SDK_ATTEMPTS, true),
        ("ThrottlingException", 400, SDK_ATTEMPTS, true),
        ("TransactionInProgressException", 400, SDK_ATTEMPTS, true),
        ("ResourceNotFoundException", 400, 1, false),
        ("AccessDeniedException", 400, 1, false),
        ("ValidationException", 400, 1, false),
    ] {
        let ready = Ready::new().await;
        for _ in 0..attempts {
            ready.app.proxy.fail_next("TransactWriteItems", status, &error(kind));
        }
        let failed = ready.assign().await;
        assert_eq!(matches!(failed, Err(StoreError::Busy(_))), busy, "{kind}: {failed:?}");
        assert_eq!(matches!(failed, Err(StoreError::Defect(_))), !busy, "{kind}: {failed:?}");
        assert_eq!(ready.app.proxy.take_calls().len(), attempts, "{kind}");
        assert_eq!(ready.recorded().await, 0);
        ready.assign().await.unwrap();
    }
}

#[tokio::test]
async fn callers_are_told_to_come_back_or_that_it_broke() {
    let ready = Ready::new().await;
    let (admin, path) = (ready.app.admin(), format!("/roles/{}/resources/{}", ready.role, ready.resource));
    for _ in 0..SDK_ATTEMPTS {
        ready.app.proxy.fail_next("TransactWriteItems", 500, &error("InternalServerError"));
    }
    let busy = admin.post_empty(&path).await.expect(503);
    assert_eq!(busy.header("retry-after"), Some("1"));
    ready.app.proxy.fail_next("TransactWriteItems", 400, &error("AccessDeniedException"));
    let broken = admin.post_empty(&path).await.expect(500);
    for reply in [busy, broken] {
        assert!(
            !reply.text.contains("fault of the test") && !reply.text.contains("Exception"),
            "{}",
            reply.text
        );
    }
    let _ = admin.post_empty(&path).await.expect(200);
    assert_eq!(ready.recorded().await, 1);
}

#[tokio::test]
async fn a_vault_that_is_out_of_reach_writes_nothing() {
    let ready = Ready::new().await;
    let admin = ready.app.admin();
    let before = ready.app.db_table().await;
    let body = json!({"name": "AWS", "value": "hunter2"});
    for _ in 0..SDK_ATTEMPTS {
        let fault = json!({"__type": "KMSInternalException", "message": "a fault of the test"});
        ready.app.proxy.fail_next("GenerateDataKey", 500, &fault);
    }
    let _ = admin.post("/credentials/", body.clone()).await.expect(503);
    let denied = json!({"__type": "AccessDeniedException", "message": "a fault of the test"});
    ready.app.proxy.fail_next("GenerateDataKey", 400, &denied);
    let _ = admin.post("/credentials/", body).await.expect(500);
    assert_eq!(ready.app.db_table().await, before);
}

/// It has happened, nobody was told, and its repetition meets another transaction: it is not told that it is too late.
#[tokio::test]
async fn a_lost_answer_and_then_a_conflict_are_still_one_transaction() {
    let ready = Ready::new().await;
    for trouble in [Trouble::ResetAfter, Trouble::Conflict, Trouble::Throttle, Trouble::Conflict] {
        ready.app.proxy.trouble_next("TransactWriteItems", trouble);
    }
    ready.assign().await.unwrap();
    let tokens = ready.tokens();
    assert_eq!(tokens, vec![tokens[0].clone(); 5]);
    assert_eq!(ready.recorded().await, 1);
    assert_eq!(refusal(ready.assign().await), Refusal::AlreadyAssigned(LinkKind::RoleResource));
}

#[tokio::test]
async fn bookkeeping_survives_conflicts_and_lost_answers() {
    let app = TestApp::new().await;
    let group = GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123def456".into() };
    for trouble in [Trouble::Conflict, Trouble::ResetAfter, Trouble::Conflict, Trouble::InternalError] {
        app.proxy.trouble_next("UpdateItem", trouble);
    }
    let lease = app.db.lease_group(&org(ORG), &group, app.now()).await.unwrap();
    assert_eq!(app.proxy.take_calls(), ["UpdateItem"; 5]);
    let lease = lease.expect("its own lease does not stand in its way");
    assert!(app.db.lease_group(&org(ORG), &group, app.now()).await.unwrap().is_none());
    app.proxy.trouble_next("UpdateItem", Trouble::ResetAfter);
    app.db.release_group(&lease).await.unwrap();
    assert!(app.db.lease_group(&org(ORG), &group, app.now()).await.unwrap().is_some());
}
