//! `POST /resources/{id}/verify`: the provider's answer.

use aws_sdk_dynamodb::types::AttributeValue;
use firewall::GroupRef;
use firewall::simulated::Fault;
use model::id::CredentialId;
use serde_json::{Value, json};
use store::keys;
use support::{Client, ORG, TestApp, org, resource_body};

use crate::expect;

fn group() -> GroupRef {
    GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123def456".into() }
}

/// A resource under a credential for the cloud; the path of its verification.
async fn unverified(admin: &Client) -> (String, String) {
    let value = json!({"accessKeyId": "AKIA1", "secretAccessKey": "PLANTED-hunter2"});
    let body = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
    let credential = admin.post("/credentials/", body).await.expect(201).id();
    let id = admin.new_resource(&credential).await;
    (format!("/resources/{id}"), format!("/resources/{id}/verify"))
}

#[tokio::test]
async fn success_makes_it_active() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (resource, path) = unverified(&admin).await;
    app.cloud.add_group(group());
    app.advance_seconds(60);
    let reply = admin.post_empty(&path).await.expect(200);
    let now = json!("2026-02-18T10:31:00Z");
    assert_eq!((&reply.json["isActive"], &reply.json["lastVerifiedAt"]), (&json!(true), &now));
    assert_eq!(reply.json["ruleSlotsLeft"], json!({"ipv4": 60, "ipv6": 60}));
    let mut verified = reply.json.clone();
    assert_eq!(verified["warnings"], json!([]));
    for beside in ["ruleSlotsLeft", "warnings"] {
        verified.as_object_mut().unwrap().remove(beside);
    }
    assert_eq!(admin.get(&resource).await.expect(200).json, verified);
    let row = admin.get("/audit-logs?eventType=RESOURCE_VERIFY").await.expect(200).json["content"][0].clone();
    assert_eq!(row["result"], "SUCCESS");
    assert_eq!(row["details"]["changes"]["isActive"], json!({"from": false, "to": true}));
}

#[tokio::test]
async fn a_refusal_makes_it_inactive_and_names_the_reason() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (resource, path) = unverified(&admin).await;
    app.cloud.add_group(group());
    let _ = admin.post_empty(&path).await.expect(200);
    app.cloud.remove_group(&group());
    let missing = "The security group sg-0abc123def456 does not exist in eu-central-1";
    expect::code(&admin.post_empty(&path).await, 400, "VERIFICATION_FAILED", missing);
    let shown = admin.get(&resource).await.expect(200).json;
    assert_eq!((&shown["isActive"], &shown["lastVerifiedAt"]), (&json!(false), &json!(expect::NOW)));
    let row = admin.get("/audit-logs?limit=1").await.expect(200).json["content"][0].clone();
    assert_eq!((&row["result"], &row["details"]["reason"]), (&json!("FAILURE"), &json!(missing)));
    app.cloud.add_group(group());
    app.cloud.deny("AKIA1");
    let reply = admin.post_empty(&path).await.expect(400);
    assert_eq!(reply.json["error"], "VERIFICATION_FAILED");
    assert!(reply.text.contains("not authorized") && !reply.text.contains("hunter2"));
}

#[tokio::test]
async fn without_an_answer_nothing_changes() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (_, path) = unverified(&admin).await;
    let before = app.db_items().await;
    for fault in [Fault::Throttle, Fault::Lose] {
        app.cloud.fault_next(fault);
        let reply = admin.post_empty(&path).await;
        expect::code(&reply, 503, "SERVICE_UNAVAILABLE", "The service is busy, try again");
        assert_eq!(reply.header("retry-after"), Some("1"));
    }
    assert_eq!(app.db_items().await, before);
}

/// Gives a credential a type that does not fit its value. An earlier version accepted any value.
async fn set_type(app: &TestApp, credential: &str, kind: &str) {
    let key = keys::credential(&org(ORG), CredentialId::parse_any(credential).unwrap());
    #[expect(clippy::disallowed_methods, reason = "what an earlier version has written")]
    let call = app.dynamodb.update_item().table_name(&app.table);
    let call = call.key("pk", AttributeValue::S(key.pk)).key("sk", AttributeValue::S(key.sk));
    let call = call.update_expression("SET #data.#type = :type").expression_attribute_names("#data", "data");
    let call = call.expression_attribute_names("#type", "credentialType");
    call.expression_attribute_values(":type", AttributeValue::S(kind.into())).send().await.unwrap();
}

#[tokio::test]
async fn a_credential_that_no_cloud_takes_is_a_refusal() {
    let app = TestApp::new().await;
    let admin = app.admin();
    app.cloud.add_group(group());
    for (value, kind, sentence) in [
        (json!("v"), None, "The credential has no credential_type, and is for no cloud"),
        (
            json!("PLANTED-hunter2"),
            Some("ACCESS_KEY"),
            "The credential's value must be an object with the text accessKeyId",
        ),
        (
            json!({"roleArn": 5}),
            Some("ASSUME_ROLE"),
            "The credential's value must be an object with the text roleArn",
        ),
    ] {
        let credential = json!({"name": "n", "value": value});
        let credential = admin.post("/credentials/", credential).await.expect(201).id();
        if let Some(kind) = kind {
            set_type(&app, &credential, kind).await;
        }
        let id = admin.post("/resources", resource_body(&credential)).await.expect(201).id();
        let reply = admin.post_empty(&format!("/resources/{id}/verify")).await;
        expect::code(&reply, 400, "VERIFICATION_FAILED", sentence);
    }
    assert_eq!(app.cloud.calls(), 0);
    let unknown = "550e8400-e29b-41d4-a716-446655440000";
    let reply = admin.post_empty(&format!("/resources/{unknown}/verify")).await;
    expect::code(&reply, 404, "RESOURCE_NOT_FOUND", &format!("Resource with ID {unknown} not found"));
}

/// A refusal changes the resource, so a repeated request gets it as the first result.
#[tokio::test]
async fn a_refusal_is_repeated_without_asking_again() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (_, path) = unverified(&admin).await;
    let once = admin.with_header("idempotency-key", "k");
    let first = once.post_empty(&path).await.expect(400);
    app.cloud.add_group(group());
    let before = app.db_items().await;
    assert_eq!(once.post_empty(&path).await.expect(400).text, first.text);
    assert_eq!((app.db_items().await, app.cloud.calls()), (before, 1));
    let _ = admin.post_empty(&path).await.expect(200);
}

/// The provider was asked about an older state of the resource, so its answer does not count.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_about_a_changed_resource_is_dropped() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (resource, path) = unverified(&admin).await;
    app.cloud.add_group(group());
    let mut gate = app.proxy.stop_next("TransactWriteItems");
    let verification = tokio::spawn({
        let (admin, path) = (admin.clone(), path.clone());
        async move { admin.post_empty(&path).await }
    });
    gate.reached().await;
    let other = json!({"resourceIdentifier": "sg-0fffffffffffffff0"});
    let _ = admin.patch(&resource, other).await.expect(200);
    drop(gate);
    let reply = verification.await.unwrap();
    let message = "The resource changed while it was being verified, try again";
    expect::code(&reply, 400, "VERIFICATION_OUTDATED", message);
    let shown: Value = admin.get(&resource).await.expect(200).json;
    assert_eq!((&shown["isActive"], &shown["lastVerifiedAt"]), (&json!(false), &Value::Null));
}
