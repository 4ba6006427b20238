//! Parameters at the edges of their schemas.

use serde_json::Value;
use std::collections::BTreeSet;
use support::description::{DESCRIPTION, Operation};
use support::{Client, TestApp};

use super::candidates;
use super::{Shown, Verdict};
use crate::examples::ready;
use crate::repository::assert_nothing_wrong;
use support::objects::Objects;
use support::objects::{body, objects, open_the_cloud};

/// A parameter whose values the description cannot tell apart: a cursor is what was made here.
const UNTOLD: &str = "cursor";

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A request with this parameter.
async fn send(
    (admin, objects): (&Client, &Objects),
    operation: &Operation,
    parameter: &Value,
    text: &str,
    number: usize,
) -> Option<u16> {
    let name = parameter["name"].as_str().unwrap();
    let (mut path, mut caller) = (objects.path(&operation.path), admin.clone());
    match parameter["in"].as_str().unwrap() {
        "query" => path = format!("{path}?{name}={}", escaped(text)),
        "path" => {
            let template = operation.path.replace(&format!("{{{name}}}"), &escaped(text));
            path = objects.path(&template);
        }
        _ => {
            http::HeaderValue::from_str(text).ok().filter(|_| text.trim() == text)?;
            caller = admin.with_header(name, text);
        }
    }
    let body = body(admin, &operation.method, &operation.path, number).await.map(|body| body.to_string());
    let media_type = body.as_ref().map(|_| "application/json");
    let body = body.unwrap_or_default().into_bytes();
    Some(caller.send(&operation.method, &path, media_type, body).await.status.as_u16())
}

/// What names no credential does not exist either.
fn is_untold(operation: &Operation, parameter: &Value) -> bool {
    let name = parameter["name"].as_str().unwrap();
    let is_credential = operation.path.contains("/credentials/") && parameter["in"] == "path";
    name == UNTOLD || is_credential
}

/// Objects for a request, where it is about some.
async fn objects_for(app: &TestApp, admin: &Client, operation: &Operation) -> Objects {
    match (operation.path.contains('{'), operation.id()) {
        (_, "session-start") => ready(app, admin, operation).await,
        (true, _) => objects(app, admin, &operation.method, &operation.path).await,
        (false, _) => Objects::of_nothing(),
    }
}

/// Where code and description disagree about a parameter.
async fn disagreements(operation: &Operation, parameter: &Value, values: Vec<Value>) -> Vec<String> {
    // Of its own, because a key of a repetition is remembered.
    let app = &TestApp::new().await;
    open_the_cloud(app);
    let admin = app.admin();
    let mut known = BTreeSet::new();
    let (schema, mut shown, mut wrong) = (&parameter["schema"], Shown::default(), Vec::new());
    let place = format!("{} {}", operation.route(), parameter["name"]);
    let mut objects = objects_for(app, &admin, operation).await;
    for (number, value) in values.into_iter().enumerate() {
        let text = match &value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => continue,
        };
        // To the gateway an escaped slash is one, which makes another path, as an empty segment does.
        if (parameter["in"] == "path" && (text.is_empty() || text.contains('/')))
            || !known.insert(text.clone())
        {
            continue;
        }
        let Some(status) = send((&admin, &objects), operation, parameter, &text, number).await else {
            continue;
        };
        let verdict = match status {
            200..=299 | 404 | 412 => Verdict::Taken,
            400 => Verdict::Refused,
            _ => panic!("{place}: {text} is {status}"),
        };
        let read = DESCRIPTION.read(schema, &text);
        if DESCRIPTION.allows(schema, &read) != (verdict == Verdict::Taken) {
            wrong.push(format!("{place}: {:?} is {status}", text.chars().take(300).collect::<String>()));
        }
        shown.note(&place, schema, &read, verdict);
        if operation.method != "GET" && status < 300 {
            objects = objects_for(app, &admin, operation).await;
        }
    }
    let missing = shown.missing(&place, schema).into_iter();
    wrong.extend(missing.filter(|line| parameter["in"] != "path" || !line.contains("minLength")));
    wrong
}

#[tokio::test]
async fn code_and_description_take_the_same_parameters() {
    let (mut wrong, mut known) = (Vec::new(), BTreeSet::new());
    // The second spelling of a path is the same function's.
    let operations = DESCRIPTION.operations().iter();
    for operation in operations.filter(|operation| !operation.id().ends_with("-slashless")) {
        for parameter in operation.parameters.iter().filter(|parameter| !is_untold(operation, parameter)) {
            // The same parameter of another operation is read by the same code; that it is read at all shows at its limits.
            let is_new = known.insert(parameter.to_string());
            let schema = &parameter["schema"];
            let values = if is_new { candidates::of(schema) } else { candidates::at_limits(schema) };
            wrong.extend(disagreements(operation, parameter, values).await);
        }
    }
    assert_nothing_wrong(&wrong);
}
