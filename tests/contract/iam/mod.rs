//! Permissions: what each function may do at AWS is what it does, no less and no more.

mod directory;
mod drive;
mod sessions;

use local::template::TEMPLATE;
use serde_json::{Value, json};
use serde_yaml_ng::Value as Yaml;
use std::collections::{BTreeMap, BTreeSet};
use support::objects::{body, path};
use web::access::Level;

use crate::repository::{assert_nothing_wrong, exact_routes, template};
use directory::{
    drive_api_keys, drive_credentials, drive_resources, drive_roles, drive_users, drive_verification,
    drive_with_a_key_that_is_none,
};
use drive::{Drive, actions, is_of};
use sessions::{drive_sessions, drive_workers};

/// Actions with what they act on, such as `dynamodb:Query Table/index/listing`, by function.
type Actions = BTreeMap<String, BTreeSet<String>>;

/// What an ARN in the template stands for: `Table.Arn` and `${Table.Arn}/index/listing` without the decoration.
fn target(resource: &Yaml) -> String {
    resource.as_str().unwrap_or("?").replace("${", "").replace('}', "").replace(".Arn", "")
}

/// What is left of a target under a condition. There is one kind: buckets of tokens, which every function with callers writes.
fn conditional(target: String, condition: Option<&Yaml>) -> String {
    let Some(condition) = condition else { return target };
    let keys = &condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    assert_eq!(keys, &Yaml::from(vec!["RATE#*"]));
    format!("{target}/RATE")
}

fn statements(function: &Yaml) -> impl Iterator<Item = &Yaml> {
    let policies = function["Properties"].get("Policies").and_then(Yaml::as_sequence).into_iter().flatten();
    policies.filter_map(|policy| policy.get("Statement")?.as_sequence()).flatten()
}

/// What the template allows.
fn allowed() -> Actions {
    let yaml: Yaml = serde_yaml_ng::from_str(TEMPLATE).unwrap();
    let mut allowed = Actions::new();
    for function in template().functions {
        let mut actions = BTreeSet::new();
        for statement in statements(&yaml["Resources"][function.logical_id.as_str()]) {
            assert_eq!(statement["Effect"], "Allow", "{}", function.logical_id);
            let target = conditional(target(&statement["Resource"]), statement.get("Condition"));
            for action in statement["Action"].as_sequence().unwrap() {
                actions.insert(format!("{} {target}", action.as_str().unwrap()));
            }
        }
        let read: BTreeSet<_> = function.actions.iter().map(String::as_str).collect();
        let named = actions.iter().map(|action| action.split(' ').next().unwrap()).collect();
        assert_eq!(read, named, "{}: Function::actions says what the file says", function.logical_id);
        allowed.insert(function.binary().into(), actions);
    }
    allowed
}

/// A request of an administrator to every route, about new objects: what a function does when all goes well needs no line here.
async fn of_every_route() -> Actions {
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
    drive_api_keys(&mut drive).await;
    drive_sessions(&mut drive).await;
    drive_workers(&mut drive).await;
    drive_with_a_key_that_is_none(&mut drive).await;
    drive_the_rest(&mut drive).await;
    for (function, actions) in of_every_route().await {
        drive.seen.entry(function).or_default().extend(actions);
    }
    let mut wrong = Vec::new();
    for (function, mut allowed) in allowed() {
        // Every caller pays, but where anybody may call: tests/api/rate.rs.
        let pays = allowed.remove("dynamodb:UpdateItem Table/RATE");
        let level = functions::all().into_iter().find(|(name, _)| *name == function);
        let expected = level.is_some_and(|(_, endpoint)| endpoint.level != Level::Anyone);
        assert_eq!(pays, expected, "{function}: the buckets of tokens");
        let Some(seen) = drive.seen.get(&function) else {
            wrong.push(format!("{function}: tests/contract/iam sends it no request: add some"));
            continue;
        };
        wrong.extend(
            seen.difference(&allowed).map(|action| format!("{function} lacks {action} in template.yaml")),
        );
        wrong.extend(allowed.difference(seen).map(|action| {
            format!("{function} never used {action}: remove it from template.yaml, or add a request that needs it here")
        }));
    }
    assert_nothing_wrong(&wrong);
}

#[test]
fn calls_are_read_as_aws_reads_them() {
    let transaction =
        json!({"TransactItems": [{"Put": {}}, {"Update": {}}, {"Delete": {}}, {"ConditionCheck": {}}]});
    let expected = ["PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"];
    let expected = expected.map(|action| format!("dynamodb:{action} Table"));
    assert_eq!(actions("DynamoDB_20120810.TransactWriteItems", &transaction), expected);
    let query = json!({"IndexName": "listing"});
    assert_eq!(actions("DynamoDB_20120810.Query", &query), ["dynamodb:Query Table/index/listing"]);
    assert_eq!(actions("TrentService.Decrypt", &json!({})), ["kms:Decrypt CredentialKey"]);
    assert!(is_of("GET /api/v1/roles/1", "GET /api/v1/roles/{id}"));
    assert!(!is_of("GET /api/v1/roles/1/", "GET /api/v1/roles/{id}") && !is_of("PUT /a", "GET /a"));
}
