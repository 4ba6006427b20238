//! No line of this workspace's own says who somebody is or from where they come, whatever AWS answers.

use aws_sdk_dynamodb::types::AttributeValue;
use firewall::GroupRef;
use firewall::simulated::Fault;
use model::id::UserId;
use serde_json::{Value, json};
use support::{Client, InFunction as _, ORG, TestApp, org, resource_body};

use crate::LOGS;

/// In every e-mail address of these tests, and in no other.
const DOMAIN: &str = "nobodys.example";
const EMAIL: &str = "ann@nobodys.example";
const ADDRESS: &str = "203.0.113.177";
const IPV6: &str = "2001:db8:77::1";

/// The lines of our own that give somebody away.
fn telling() -> Vec<String> {
    let text = LOGS.own.text();
    let tells = |line: &&str| [DOMAIN, ADDRESS, IPV6].iter().any(|part| line.contains(part));
    text.lines().filter(tells).map(String::from).collect()
}

fn dynamodb(code: &str, more: &Value) -> Value {
    let mut body = json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"),
        "message": format!("One or more parameter values were invalid: {EMAIL} {ADDRESS} {IPV6}"),
    });
    if let Some(more) = more.as_object() {
        body.as_object_mut().unwrap().extend(more.clone());
    }
    body
}

/// The reasons of a cancelled transaction: one that nobody knows, with the item that it is about.
fn unknown_reason() -> Value {
    let item = json!({
        "email": {"S": EMAIL}, "sk": {"S": format!("RULE#{ADDRESS}|tcp|22-22")}, "ipAddress": {"S": IPV6},
    });
    let reason = json!({"Code": "NobodyKnowsIt", "Message": format!("{EMAIL} {ADDRESS}"), "Item": item});
    json!({"CancellationReasons": [{"Code": "None"}, reason]})
}

#[tokio::test]
async fn no_answer_of_aws_puts_an_item_into_the_log() {
    let logs = &*LOGS;
    let app = TestApp::new().await;
    let admin = app.admin();
    let user = json!({"email": EMAIL, "name": "Ann"});
    app.proxy.fail_next(
        "TransactWriteItems",
        400,
        &dynamodb("TransactionCanceledException", &unknown_reason()),
    );
    let _ = admin.post("/users", user.clone()).await.expect(500);
    app.proxy.fail_next("TransactWriteItems", 400, &dynamodb("ValidationException", &Value::Null));
    let _ = admin.post("/users", user).await.expect(500);
    app.proxy.fail_next("Query", 400, &dynamodb("ValidationException", &Value::Null));
    let _ = admin.get("/users").await.expect(500);
    for status in [200, 400] {
        // Neither is an answer of DynamoDB. The second, without a code, is a defect, and the first is tried again.
        for _ in 0..8 {
            app.proxy.fail_next("Query", status, &json!([EMAIL, ADDRESS]));
        }
        let reply = admin.get("/users").await;
        assert!([500, 503].contains(&reply.status.as_u16()), "{reply:?}");
    }
    let kms = json!({"__type": "ValidationException", "message": format!("{EMAIL} {ADDRESS}")});
    app.proxy.fail_next("GenerateDataKey", 400, &kms);
    let _ = admin.post("/credentials/", json!({"name": "n", "value": "PLANTED"})).await.expect(500);
    let text = logs.own.text();
    for heard in ["cancelled for NobodyKnowsIt", "ValidationException (status 400"] {
        assert!(text.contains(heard), "{heard} was not heard");
    }
    assert_eq!(telling(), Vec::<String>::new());
}

/// A failed sign-in can be looked into: which claim, and why.
#[tokio::test]
async fn a_claim_that_cannot_be_used_is_named_in_the_log_and_its_value_is_not() {
    let logs = &*LOGS;
    let app = TestApp::new().await;
    let sub = format!("ann#{DOMAIN}");
    let _ = app.bearer(&app.token(&sub, ORG, &[])).get("/me").await.expect(401);
    let _ = app.bearer(&app.token("ann", &format!("acme {DOMAIN}"), &[])).get("/me").await.expect(401);
    let text = logs.own.text();
    for (claim, why) in [("sub", "NotAUserId"), ("org", "NotAnOrganization")] {
        let said = text.lines().find(|line| line.contains(why));
        assert!(said.is_some_and(|line| line.contains(claim)), "{why} was not heard");
    }
    assert_eq!(telling(), Vec::<String>::new());
}

/// A person, whose item is then as no version writes it.
#[tokio::test]
async fn what_cannot_be_read_is_not_quoted() {
    let logs = &*LOGS;
    let app = TestApp::new().await;
    let admin = app.admin();
    let body = json!({"id": "unreadable-ann", "email": EMAIL, "name": "Ann"});
    let _ = admin.post("/users", body).await.expect(201);
    let key = store::keys::user(&org(ORG), &UserId::parse("unreadable-ann").unwrap());
    for value in [AttributeValue::S(EMAIL.into()), AttributeValue::N("5".into())] {
        for attribute in ["entity", "data"] {
            #[expect(clippy::disallowed_methods, reason = "no version writes such an item")]
            let call = app.dynamodb.update_item().table_name(&app.table);
            let call = call.key("pk", AttributeValue::S(key.pk.clone()));
            let call = call.key("sk", AttributeValue::S(key.sk.clone()));
            let call = call.update_expression("SET #name = :value");
            let call = call.expression_attribute_names("#name", attribute);
            call.expression_attribute_values(":value", value.clone()).send().await.unwrap();
            let _ = admin.get("/users/unreadable-ann").await;
        }
    }
    assert!(logs.own.text().contains("cannot be read"), "nothing was heard");
    assert_eq!(telling(), Vec::<String>::new());
}

#[tokio::test]
async fn a_batch_that_cannot_be_read_is_not_quoted() {
    let app = TestApp::new().await;
    let workers = functions::workers();
    let (_, worker) = workers.iter().find(|(name, _)| *name == "rule-worker").unwrap();
    for record in [json!(EMAIL), json!({"dynamodb": {"SequenceNumber": "1", "Keys": {"sk": ADDRESS}}})] {
        let failure = worker
            .run(&app.app, json!({"Records": [record]}))
            .in_function("rule-worker")
            .await
            .unwrap_err()
            .to_string();
        assert!(!failure.contains(EMAIL) && !failure.contains(ADDRESS), "{failure}");
    }
}

async fn opened(app: &TestApp, admin: &Client, group: &str) -> String {
    app.cloud.add_group(GroupRef { region: "eu-central-1".into(), group_id: group.into() });
    let value = json!({"accessKeyId": "AKIA177", "secretAccessKey": "PLANTED-key"});
    let credential = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
    let mut resource = resource_body(&admin.post("/credentials", credential).await.expect(201).id());
    resource["resourceIdentifier"] = group.into();
    let resource = admin.post("/resources", resource).await.expect(201).id();
    let _ = admin.patch(&format!("/resources/{resource}"), json!({"isActive": true})).await.expect(200);
    let body = json!({"ipv4Address": ADDRESS, "ipv6Address": IPV6, "durationMinutes": 30});
    admin.post("/sessions", body).await.expect(201).id()
}

/// The alarm on failed work counts this field.
#[tokio::test]
async fn a_sweep_says_how_much_it_failed_at() {
    let logs = &*LOGS;
    let (app, group) = (TestApp::alive().await, "sg-0188888889abcdef0");
    let admin = app.admin();
    let session = opened(&app, &admin, group).await;
    app.settle().await;
    let key = app.db_items().await.into_keys().find(|(pk, sk)| pk.ends_with(&session) && sk == "#SESSION");
    let (pk, sk) = key.unwrap_or_else(|| panic!("no item of the session"));
    #[expect(clippy::disallowed_methods, reason = "no version writes such an item")]
    let call = app.dynamodb.update_item().table_name(&app.table);
    let call = call.key("pk", AttributeValue::S(pk)).key("sk", AttributeValue::S(sk));
    let call = call.update_expression("SET shape = :shape");
    call.expression_attribute_values(":shape", AttributeValue::N("2".into())).send().await.unwrap();
    app.advance_seconds(1900);
    let _ = app.sweep().await;
    let text = logs.own.text();
    let swept = text.lines().find(|line| line.contains("swept") && line.contains("failed=1 "));
    assert!(swept.is_some(), "no line says so");
}

/// From a start to a rule that cannot be removed, with calls that fail on the way.
#[tokio::test]
async fn the_life_of_a_session_names_nobody() {
    let logs = &*LOGS;
    let (app, group) = (TestApp::alive().await, "sg-0177777789abcdef0");
    let admin = app.bearer(&app.token("ann-of-the-logs", ORG, &["ORG_ADMIN"]));
    let session = opened(&app, &admin, group).await;
    app.cloud.fault_next(Fault::Lose);
    app.settle().await;
    app.advance_seconds(120);
    let _ = app.sweep().await;
    app.cloud.deny("AKIA177");
    let _ = admin.post_empty(&format!("/sessions/{session}/stop")).await.expect(200);
    app.proxy.fail_next("Query", 400, &dynamodb("ValidationException", &Value::Null));
    app.settle().await;
    for _ in 0..3 {
        app.advance_seconds(3601);
        let _ = app.sweep().await;
        let _ = app.reconcile().await;
    }
    let text = logs.own.text();
    for heard in ["a rule is stuck", "the provider gave no answer"] {
        assert!(
            text.lines().any(|line| line.contains(heard) && line.contains(group)),
            "{heard} was not heard"
        );
    }
    assert_eq!(telling(), Vec::<String>::new());
}
