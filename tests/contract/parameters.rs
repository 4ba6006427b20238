//! Parameters of queries: what an operation reads is what the description lists, and nothing else is taken.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::description::{DESCRIPTION, Operation};
use support::objects::{body, objects, open_the_cloud};
use support::{Client, Reply, TestApp};
use web::error_format::ErrorFormat;

use crate::repository::assert_nothing_wrong;

/// What the handlers say that they read, by the names of their functions.
fn declared() -> BTreeMap<&'static str, Option<Vec<&'static str>>> {
    functions::all().into_iter().map(|(name, endpoint)| (name, endpoint.parameters)).collect()
}

fn described(operation: &Operation) -> Vec<&str> {
    let of_query = operation.parameters.iter().filter(|parameter| parameter["in"] == "query");
    of_query.map(|parameter| parameter["name"].as_str().unwrap()).collect()
}

fn function(operation: &Operation) -> &str {
    operation.id().strip_suffix("-slashless").unwrap_or(operation.id())
}

/// Whether the operation answers everybody the same, whatever the query.
fn takes_any_query(operation: &Operation) -> bool {
    operation.says["x-access"] == json!(["anyone"])
}

#[test]
fn operations_read_the_parameters_that_the_description_lists() {
    let declared = declared();
    let mut wrong = Vec::new();
    for operation in DESCRIPTION.operations() {
        let (read, listed) = (&declared[function(operation)], described(operation));
        let is_right = match read {
            Some(read) => *read == listed && !takes_any_query(operation),
            None => listed.is_empty() && takes_any_query(operation),
        };
        if !is_right {
            wrong.push(format!("{} reads {read:?}, and {listed:?} is listed", operation.route()));
        }
    }
    assert_nothing_wrong(&wrong);
}

/// The sentence about a parameter, in the format of the path.
fn sentence(reply: &Reply, path: &str, parameter: &str) -> String {
    let sentence = match ErrorFormat::of(path) {
        ErrorFormat::Code => reply.json["message"].clone(),
        ErrorFormat::Reason => reply.json["validationErrors"][parameter].clone(),
        ErrorFormat::Detail => reply.json[parameter][0].clone(),
    };
    sentence.as_str().unwrap_or_default().into()
}

async fn send(admin: &Client, operation: &Operation, path: &str, number: usize) -> Reply {
    let body = body(admin, &operation.method, &operation.path, number).await.map(|body| body.to_string());
    let media_type = body.as_ref().map(|_| "application/json");
    admin.send(&operation.method, path, media_type, body.unwrap_or_default().into_bytes()).await
}

/// Queries that an operation does not take, each with the parameter that the answer is to name.
fn refused(known: &[&str]) -> Vec<(String, String)> {
    let mut queries = vec![("unknown=1".into(), "unknown".into()), ("unknown".into(), "unknown".into())];
    for name in known {
        queries.push((format!("{name}="), (*name).into()));
        queries.push((format!("{name}=1&{name}=1"), (*name).into()));
        queries.push((format!("{}=1", name.to_uppercase()), name.to_uppercase()));
    }
    queries
}

async fn faults(app: &TestApp, operation: &Operation, number: usize) -> Vec<String> {
    let (admin, mut wrong) = (app.admin(), Vec::new());
    let objects = objects(app, &admin, &operation.method, &operation.path).await;
    let path = objects.path(&operation.path);
    if takes_any_query(operation) {
        let reply = send(&admin, operation, &format!("{path}?unknown=1&unknown="), number).await;
        return if reply.status == 200 {
            wrong
        } else {
            vec![format!("{}: {}", operation.route(), reply.status)]
        };
    }
    let known = described(operation);
    for (query, parameter) in refused(&known) {
        // What a body needs is made before.
        let spare =
            body(&admin, &operation.method, &operation.path, number).await.map(|body| body.to_string());
        let before = app.db_table().await;
        let media_type = spare.as_ref().map(|_| "application/json");
        let whole = format!("{path}?{query}");
        let bytes = spare.unwrap_or_default().into_bytes();
        let reply = admin.send(&operation.method, &whole, media_type, bytes).await;
        let says = sentence(&reply, &operation.path, &parameter);
        let lists_all = known.iter().all(|name| says.contains(name));
        if reply.status != 400 || says.is_empty() || !lists_all {
            wrong.push(format!("{} ?{query}: {} {}", operation.route(), reply.status, reply.text));
        }
        if app.db_table().await != before {
            wrong.push(format!("{} ?{query} changed something", operation.route()));
        }
    }
    wrong
}

#[tokio::test]
async fn every_operation_refuses_what_it_does_not_read() {
    let (mut wrong, mut refusals) = (Vec::new(), 0);
    for (number, operation) in DESCRIPTION.operations().iter().enumerate() {
        let app = TestApp::new().await;
        open_the_cloud(&app);
        let found = faults(&app, operation, number).await;
        refusals += usize::from(!takes_any_query(operation));
        wrong.extend(found);
    }
    assert!(refusals > 40, "{refusals}");
    assert_nothing_wrong(&wrong);
}

/// The second check of the mechanism: with the parameters that it has, each operation goes on as before.
#[tokio::test]
async fn the_parameters_that_there_are_are_taken_in_any_order() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for path in [
        "/audit-logs?cursorless=",
        "/audit-logs?to=2026-02-18T10:30:00Z&limit=2&eventType=ROLE_CREATE&from=2026-02-18T10:30:00Z",
        "/credentials/?length=5&page=1&ordering=-name&is_sensitive=yes&search=a",
        "/sessions/admin?limit=1&status=ACTIVE&userId=ada&resourceId=550e8400-e29b-41d4-a716-446655440000",
        "/rules?limit=1&state=STUCK",
    ] {
        let expected = if path.contains("cursorless") { 400 } else { 200 };
        let reply = admin.get(path).await.expect(expected);
        assert_ne!(reply.json, Value::Null, "{path}");
    }
}
