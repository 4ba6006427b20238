//! The examples of the API's description: valid under their schemas, and those of requests accepted.

use serde_json::{Map, Value};
use support::description::{DESCRIPTION, Operation};
use support::objects::{Objects, objects, open_the_cloud};
use support::{Client, TestApp};

use crate::repository::assert_nothing_wrong;

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";
/// Separates the parts of a multipart body.
const BOUNDARY: &str = "example";

/// The examples of a media type, a parameter or a header.
fn examples(part: &Value) -> Vec<Value> {
    let several = part["examples"].as_object().into_iter().flatten();
    let several = several.map(|(_, example)| example["value"].clone());
    part.get("example").cloned().into_iter().chain(several).collect()
}

/// The examples of an operation's bodies, with their media types.
pub(crate) fn of_request(operation: &Operation) -> Vec<(String, Value)> {
    let of_type = |(media_type, content): (String, Value)| {
        examples(&content).into_iter().map(move |example| (media_type.clone(), example))
    };
    DESCRIPTION.bodies(operation).into_iter().flat_map(of_type).collect()
}

/// Every example below a part of the document, with its schema: what stands beside it.
fn with_schemas(part: &Value, found: &mut Vec<(Value, Value)>) {
    if let Some(schema) = part.get("schema") {
        found.extend(examples(part).into_iter().map(|example| (schema.clone(), example)));
    }
    let below: Vec<&Value> = match part {
        Value::Object(members) => members.values().collect(),
        Value::Array(items) => items.iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    below.into_iter().for_each(|part| with_schemas(part, found));
}

#[test]
fn every_example_is_valid_under_the_schema_beside_it() {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    with_schemas(DESCRIPTION.document(), &mut found);
    assert!(found.len() > 60, "{} examples", found.len());
    for (schema, example) in found {
        let violations = DESCRIPTION.violations(&schema, &example);
        wrong.extend(violations.into_iter().map(|violation| format!("{violation} in {example}")));
    }
    assert_nothing_wrong(&wrong);
}

#[test]
fn every_body_has_an_example() {
    let mut wrong = Vec::new();
    for operation in DESCRIPTION.operations() {
        for (media_type, content) in DESCRIPTION.bodies(operation) {
            if examples(&content).is_empty() {
                wrong.push(format!("{}: {media_type}", operation.route()));
            }
        }
    }
    assert_nothing_wrong(&wrong);
}

/// An example whose ids are those of objects that exist.
pub(crate) fn at_home(example: &Value, objects: &Objects) -> Value {
    let member = |(name, value): (&String, &Value)| {
        let value = match name.as_str() {
            "credentialId" => objects.credential().into(),
            "team" if value.is_string() => objects.role().into(),
            "resourceIds" if value.is_array() => Value::from(vec![objects.resource()]),
            _ => value.clone(),
        };
        (name.clone(), value)
    };
    match example.as_object() {
        Some(members) => Value::Object(members.iter().map(member).collect::<Map<_, _>>()),
        None => example.clone(),
    }
}

/// Media type and bytes of a body.
pub(crate) fn written(media_type: &str, body: &Value) -> (String, Vec<u8>) {
    let fields = body.as_object().into_iter().flatten();
    let fields = fields.filter_map(|(name, value)| Some((name, value.as_str()?)));
    match media_type {
        FORM => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(fields);
            (FORM.into(), form.finish().into_bytes())
        }
        MULTIPART => {
            let part = |(name, value): (&String, &str)| {
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
            };
            let parts: String = fields.map(part).collect();
            (format!("{MULTIPART}; boundary={BOUNDARY}"), format!("{parts}--{BOUNDARY}--\r\n").into_bytes())
        }
        _ => (media_type.into(), body.to_string().into_bytes()),
    }
}

/// The objects of an operation, with a resource that sessions may open.
pub(crate) async fn ready(app: &TestApp, admin: &Client, operation: &Operation) -> Objects {
    let objects = objects(app, admin, &operation.method, &operation.path).await;
    let path = format!("/resources/{}", objects.resource());
    let _ = admin.patch(&path, serde_json::json!({"isActive": true})).await.expect(200);
    objects
}

#[tokio::test]
async fn every_example_of_a_request_is_accepted() {
    let mut wrong = Vec::new();
    for operation in DESCRIPTION.operations() {
        for (media_type, example) in of_request(operation) {
            let app = TestApp::new().await;
            open_the_cloud(&app);
            let admin = app.admin();
            let objects = ready(&app, &admin, operation).await;
            let (media_type, body) = written(&media_type, &at_home(&example, &objects));
            let path = objects.path(&operation.path);
            let reply = admin.send(&operation.method, &path, Some(&media_type), body).await;
            if !reply.status.is_success() {
                wrong.push(format!("{}, {media_type}, {example}: {}", operation.route(), reply.text));
            }
        }
    }
    assert_nothing_wrong(&wrong);
}
