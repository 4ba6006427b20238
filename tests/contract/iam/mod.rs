//! Permissions: what each function may do at AWS is what it does, no less and no more.

mod directory;
mod drive;
mod secrets;
mod sessions;
mod unreadable;

use serde_json::{Value, json};
use serde_yaml_ng::Value as Yaml;
use std::collections::{BTreeMap, BTreeSet};
use support::objects::{body, path};
use support::policies::{
    self, AwsCall, POLICIES, Permission, calls, denial, is_like, replaces_an_audit_row, shape,
};
use support::{InFunction as _, ORG, TestApp};
use web::access::Level;

use crate::key_table;
use crate::repository::{assert_nothing_wrong, exact_routes};
use directory::{
    drive_api_keys, drive_credentials, drive_invitations, drive_resources, drive_roles, drive_users,
    drive_verification, drive_with_a_key_that_is_none,
};
use drive::Drive;
use sessions::{drive_sessions, drive_workers};
use unreadable::drive_what_cannot_be_read;

/// The calls of each function.
type Calls = BTreeMap<String, BTreeSet<AwsCall>>;

/// A request of an administrator to every route, about new objects: what a function does when all goes well needs no line here.
async fn of_every_route() -> Calls {
    let mut drive = Drive::new().await;
    for (number, (method, route)) in exact_routes().into_iter().enumerate() {
        let path = path(&drive.app, &drive.admin, &method, &route).await;
        let body = body(&drive.admin, &method, &route, number).await.unwrap_or_default();
        let reply = drive.send(&format!("{method} {}", path.trim_start_matches("/api/v1")), body).await;
        assert!(reply.status.is_success(), "{method} {route}: {}", reply.text);
    }
    drive.seen
}

async fn drive_the_rest(drive: &mut Drive) {
    for (request, status) in [
        ("GET /audit-logs?eventType=ROLE_CREATE&limit=1", 200),
        ("GET /health", 200),
        ("GET /nothing", 404),
        ("DELETE /health", 405),
    ] {
        let _ = drive.call(request, Value::Null, status).await;
    }
}

#[tokio::test]
async fn every_function_may_do_what_it_does_and_nothing_else() {
    let mut drive = Drive::new().await;
    drive_credentials(&mut drive).await;
    drive_resources(&mut drive).await;
    drive_roles(&mut drive).await;
    drive_verification(&mut drive).await;
    drive_users(&mut drive).await;
    drive_invitations(&mut drive).await;
    drive_api_keys(&mut drive).await;
    drive_sessions(&mut drive).await;
    drive_workers(&mut drive).await;
    drive_what_cannot_be_read(&mut drive).await;
    drive_with_a_key_that_is_none(&mut drive).await;
    drive_the_rest(&mut drive).await;
    for (function, calls) in of_every_route().await {
        drive.seen.entry(function).or_default().extend(calls);
    }
    let mut wrong = POLICIES.wrong.clone();
    for (function, mut allowed) in POLICIES.allowed.clone() {
        // Every caller pays, and failed sign-ins are counted, but where anybody may call: tests/api/rate.rs.
        let pays = allowed.remove(&Permission::new("dynamodb:UpdateItem Table", Some("RATE#*")));
        let level = functions::all().into_iter().find(|(name, _)| *name == function);
        let expected = level.is_some_and(|(_, endpoint)| endpoint.level != Level::Anyone);
        if pays != expected {
            wrong.push(format!(
                "{function}: the buckets of tokens must be {}",
                if expected { "allowed" } else { "forbidden" }
            ));
        }
        match drive.seen.get(&function) {
            Some(seen) => {
                // What strangers are counted by stands beside the buckets.
                let is_bucket =
                    |call: &&AwsCall| call.key.as_deref().is_some_and(|key| key.starts_with("RATE#"));
                let others = seen.iter().filter(|call| !is_bucket(call)).cloned().collect();
                wrong.extend(differences(&function, &others, &allowed));
            }
            None => wrong.push(format!("{function}: tests/contract/iam sends it no request: add some")),
        }
    }
    assert_nothing_wrong(&wrong);
}

/// Calls that are not allowed, and permissions that no call needs.
fn differences(function: &str, seen: &BTreeSet<AwsCall>, allowed: &BTreeSet<Permission>) -> BTreeSet<String> {
    let refused = seen.iter().filter(|call| !allowed.iter().any(|permission| permission.allows(call)));
    let lacking =
        refused.map(|call| format!("{function} lacks {} in template.yaml", Permission::narrowest(call)));
    let idle = allowed.iter().filter(|permission| !seen.iter().any(|call| permission.allows(call)));
    let idle = idle.map(|permission| {
        format!("{function} never used {permission}: remove it from template.yaml, or add a request that needs it here")
    });
    lacking.chain(idle).collect()
}

/// Rows of the audit log are put and never changed. That a put does not replace one is a condition of the code.
#[test]
fn no_function_may_change_or_delete_a_row_of_the_audit_log() {
    let row = Some(String::from("ORG#acme#AUDIT"));
    for (function, allowed) in &POLICIES.allowed {
        for action in ["dynamodb:UpdateItem Table", "dynamodb:DeleteItem Table"] {
            let call = AwsCall { action: action.into(), key: row.clone() };
            assert!(!allowed.iter().any(|permission| permission.allows(&call)), "{function}: {action}");
        }
    }
}

#[test]
fn a_pattern_fits_the_partitions_of_its_kind_alone() {
    let partitions: BTreeSet<_> = key_table::partitions().into_iter().collect();
    let shapes: BTreeSet<_> = partitions.iter().map(|partition| shape(partition)).collect();
    assert!(shapes.len() > 10, "{shapes:?}");
    for partition in &partitions {
        let fitting: Vec<_> =
            shapes.iter().filter(|shape| is_like(shape.as_bytes(), partition.as_bytes())).collect();
        assert_eq!(fitting, [&shape(partition)], "{partition}");
    }
}

#[test]
fn a_statement_that_is_too_wide_is_noticed() {
    let read = |statement: &str| policies::read(&serde_yaml_ng::from_str::<Yaml>(statement).unwrap());
    let write = "{Effect: Allow, Action: ['dynamodb:PutItem'], Resource: Table.Arn";
    let keys = |keys: &str| format!("'ForAllValues:StringLike': {{'dynamodb:LeadingKeys': [{keys}]}}");
    let null = "'Null': {'dynamodb:LeadingKeys': 'false'}";
    for (statement, fault) in [
        (format!("{write}}}"), "may write every item"),
        (format!("{write}, Condition: {{{}}}}}", keys("'RATE#*'")), "a condition that this test cannot read"),
        (format!("{write}, Condition: {{{null}}}}}"), "a condition that this test cannot read"),
        (format!("{write}, Condition: {{{}, {null}}}}}", keys("'ORG#*'")), "no kind of partition"),
        (format!("{write}, Condition: {{{}, {null}}}}}", keys("'*'")), "no kind of partition"),
        (format!("{write}, Condition: {{{}, {null}}}}}", keys("'ORG#*#*'")), "no kind of partition"),
    ] {
        assert!(read(&statement).is_err_and(|found| found.contains(fault)), "{statement}");
    }
    let narrow = format!("{write}, Condition: {{{}, {null}}}}}", keys("'ORG#*#AUDIT', 'ORG#*#ROLE#*'"));
    let permission = |keys| Permission::new("dynamodb:PutItem Table", Some(keys));
    let expected: BTreeSet<_> = [permission("ORG#*#AUDIT"), permission("ORG#*#ROLE#*")].into();
    assert_eq!(read(&narrow), Ok(expected));
}

#[test]
fn a_policy_that_is_too_narrow_or_too_wide_is_noticed() {
    let call =
        |partition: &str| AwsCall { action: "dynamodb:PutItem Table".into(), key: Some(partition.into()) };
    let seen: BTreeSet<_> = [call("ORG#acme#ROLE#1"), call("ORG#acme#AUDIT")].into();
    let permission = |keys| Permission::new("dynamodb:PutItem Table", Some(keys));
    let allowed: BTreeSet<_> = [permission("ORG#*#ROLE#*"), permission("ORG#*#USER#*")].into();
    let found: Vec<_> = differences("role-create", &seen, &allowed).into_iter().collect();
    assert!(found[0].contains("lacks dynamodb:PutItem Table on ORG#*#AUDIT"), "{found:?}");
    assert!(found[1].contains("never used dynamodb:PutItem Table on ORG#*#USER#*"), "{found:?}");
    assert_eq!(found.len(), 2);
}

#[test]
fn calls_are_read_as_aws_reads_them() {
    let key = json!({"pk": {"S": "ORG#acme#AUDIT"}, "sk": {"S": "1"}});
    let table = "postern";
    let transaction = json!({"TransactItems": [
        {"Put": {"TableName": table, "Item": key}}, {"Update": {"TableName": table, "Key": key}},
        {"Delete": {"TableName": table, "Key": key}}, {"ConditionCheck": {"TableName": table, "Key": key}},
    ]});
    let write = |action: &str| AwsCall {
        action: format!("dynamodb:{action} Table"),
        key: Some("ORG#acme#AUDIT".into()),
    };
    let check = AwsCall::from("dynamodb:ConditionCheckItem Table");
    let expected = [write("PutItem"), write("UpdateItem"), write("DeleteItem"), check];
    let of = |operation: &str, body: &Value| calls(&format!("DynamoDB_20120810.{operation}"), body, table);
    assert_eq!(of("TransactWriteItems", &transaction), expected);
    let on_postern = json!({"TableName": table, "Key": key, "IndexName": null});
    assert_eq!(of("UpdateItem", &on_postern), [write("UpdateItem")]);
    let query = json!({"TableName": table, "IndexName": "listing"});
    assert_eq!(of("Query", &query), ["dynamodb:Query Table/index/listing".into()]);
    let batch = json!({"RequestItems": {table: {"Keys": [key]}, "another": {"Keys": [key]}}});
    let of_both = ["dynamodb:BatchGetItem Table", "dynamodb:BatchGetItem table another"].map(AwsCall::from);
    assert_eq!(of("BatchGetItem", &batch), of_both);
    let on_another = json!({"TableName": "another", "Key": key});
    assert_eq!(of("GetItem", &on_another), ["dynamodb:GetItem table another".into()]);
    let decrypt = json!({"KeyId": "k", "EncryptionContext": {"b": "2", "a": "1"}});
    let in_context = AwsCall { action: "kms:Decrypt CredentialKey".into(), key: Some("a+b".into()) };
    assert_eq!(calls("TrentService.Decrypt", &decrypt, table), [in_context]);
    assert_eq!(calls("TrentService.Decrypt", &json!({}), table), ["kms:Decrypt CredentialKey".into()]);
}

/// What a request does is noted for the function that answers it.
#[tokio::test]
async fn the_function_of_a_request_is_that_of_its_route() {
    let admin = TestApp::new().await.admin();
    for (method, path, function) in [
        ("GET", "/api/v1/roles/1", "role-get"),
        ("GET", "/api/v1/roles/1/", "fallback"),
        ("PUT", "/a", "fallback"),
        ("GET", "/a", "fallback"),
        ("GET", "/api/v1/credentials/", "credential-list"),
        ("GET", "/api/v1/credentials/1?a=/", "credential-get"),
        ("PUT", "/api/v1/credentials/1/", "credential-update"),
    ] {
        assert_eq!(admin.function(method, path), function, "{method} {path}");
    }
}

#[test]
fn only_a_put_that_replaces_nothing_writes_into_the_audit_log() {
    let put = |condition: &str| {
        let item = json!({"pk": {"S": "ORG#acme#AUDIT"}});
        json!({"TransactItems": [{"Put": {"Item": item, "ConditionExpression": condition}}]})
    };
    assert!(!replaces_an_audit_row(&put("attribute_not_exists(#pk)")));
    assert!(replaces_an_audit_row(&put("attribute_exists(#pk)")));
    assert!(!replaces_an_audit_row(&json!({"Item": {"pk": {"S": "ORG#acme#ROLE#1"}}})));
}

/// The key is opened for calls that name organization and credential, and nothing else.
#[test]
fn the_key_is_used_in_its_encryption_context_alone() {
    let decrypt = |key: Option<&str>| AwsCall {
        key: key.map(String::from),
        ..AwsCall::from("kms:Decrypt CredentialKey")
    };
    let refused = |key| denial("credential-get", &decrypt(key)).is_some();
    assert!(!refused(Some("postern:credential+postern:organization")));
    for other in
        [None, Some("postern:credential"), Some("a"), Some("a+postern:credential+postern:organization")]
    {
        assert!(refused(other), "{other:?}");
    }
}

/// What a test's function is denied fails the test; what the test itself does is nobody's.
#[tokio::test]
async fn a_denied_call_of_any_test_is_noticed() {
    let app = TestApp::new().await;
    let who = support::actor(ORG);
    let end = || app.db.end_or_evict_session(&who, model::id::SessionId::nil(), app.now());
    let _ = end().await;
    app.proxy.assert_nothing_denied();
    let _ = end().in_function("docs-get").await;
    let noticed =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| app.proxy.assert_nothing_denied()));
    let told = noticed.unwrap_err().downcast::<String>().unwrap();
    assert!(told.contains("docs-get may not dynamodb:"), "{told}");
    app.proxy.forget_denied();
}
