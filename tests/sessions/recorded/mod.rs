//! Items and records of the stream as released versions have written them: `shape-1/` and so on. This version must read
//! them all, end every session in them, and write no other shape under a number that is taken.

mod history;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use support::{Client, InFunction as _, TestApp, resource_body};

use crate::world::group;
use history::{GROUPS, Recording};
use support::ledger::unrest;

/// Every kind of item, as data-model.md lists them.
const ENTITIES: [&str; 19] = [
    "API_KEY",
    "AUDIT",
    "BUCKET",
    "CREDENTIAL",
    "EMAIL",
    "ENDING",
    "GROUP",
    "LINK",
    "ONCE",
    "REFERENCE",
    "REMAINS",
    "RESOURCE",
    "ROLE",
    "ROLE_NAME",
    "RULE",
    "SESSION",
    "SESSION_OF_USER",
    "SESSION_ROWS",
    "USER",
];

/// The shape that this version writes.
const SHAPE: &str = "shape-1";

fn folder(shape: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sessions/recorded").join(shape)
}

/// The names of the folders with recordings.
fn shapes() -> Vec<String> {
    let entries =
        fs::read_dir(folder("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut shapes: Vec<_> = entries.filter(|name| name.starts_with("shape-")).collect();
    shapes.sort();
    shapes
}

fn recorded(shape: &str, file: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder(shape).join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// An attribute of DynamoDB's JSON.
fn attribute(value: &Value) -> AttributeValue {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    let text = || value.as_str().unwrap().to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "B" => AttributeValue::B(aws_sdk_dynamodb::primitives::Blob::new(STANDARD.decode(text()).unwrap())),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap()),
        "NULL" => AttributeValue::Null(true),
        "L" => AttributeValue::L(value.as_array().unwrap().iter().map(attribute).collect()),
        "M" => AttributeValue::M(
            value.as_object().unwrap().iter().map(|(name, value)| (name.clone(), attribute(value))).collect(),
        ),
        "SS" => AttributeValue::Ss(
            value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().into()).collect(),
        ),
        other => panic!("no item has a {other}"),
    }
}

/// A Postern on the recorded table, whose groups have none of the rules.
async fn on_recorded_table(shape: &str) -> TestApp {
    let app = TestApp::alive().await;
    for item in recorded(shape, "table.jsonl") {
        #[expect(clippy::disallowed_methods, reason = "what another version has written")]
        let mut put = app.dynamodb.put_item().table_name(&app.table);
        for (name, value) in item.as_object().unwrap() {
            put = put.item(name, attribute(value));
        }
        put.send().await.unwrap();
    }
    app.scheduler.skip().await.unwrap();
    for number in GROUPS {
        app.cloud.add_group(group(number));
    }
    app
}

/// Gives each credential a new value: those in the table were sealed with a key that is gone. Everything else of them stays.
async fn seal_anew(admin: &Client) {
    let value = json!({"accessKeyId": "AKIA1", "secretAccessKey": "PLANTED-new"});
    for credential in admin.get("/credentials/").await.expect(200).json["results"].as_array().unwrap() {
        let path = format!("/credentials/{}/", credential["id"].as_str().unwrap());
        let _ = admin.put(&path, json!({"name": credential["name"], "value": value})).await.expect(200);
    }
}

#[test]
fn a_recording_has_every_kind_of_item() {
    for shape in shapes() {
        let found: BTreeSet<_> = recorded(&shape, "table.jsonl").iter().map(entity).collect();
        assert_eq!(found, ENTITIES.iter().map(|name| (*name).to_owned()).collect(), "{shape}");
    }
}

#[tokio::test]
async fn every_recorded_table_is_read_and_comes_to_rest() {
    for shape in shapes() {
        let app = on_recorded_table(&shape).await;
        let admin = app.admin();
        seal_anew(&admin).await;
        for list in ["resources", "roles", "users", "api-keys", "sessions/admin", "rules"] {
            let found = admin.get(&format!("/{list}")).await.expect(200).json;
            assert!(!found.as_array().unwrap().is_empty(), "{shape}: {list}");
            for object in found.as_array().unwrap().iter().filter(|_| !["api-keys", "rules"].contains(&list))
            {
                let family = list.trim_end_matches("/admin");
                let _ = admin.get(&format!("/{family}/{}", object["id"].as_str().unwrap())).await.expect(200);
            }
        }
        assert!(!admin.get("/audit-logs").await.expect(200).json["content"].as_array().unwrap().is_empty());
        for session in admin.get("/sessions/admin").await.expect(200).json.as_array().unwrap() {
            let path = format!("/sessions/admin/{}/stop", session["id"].as_str().unwrap());
            let status = admin.post_empty(&path).await.status.as_u16();
            assert!([200, 400].contains(&status), "{shape}: {path}: {status}");
        }
        app.settle().await;
        for seconds in [61, 61, 3601] {
            app.advance_seconds(seconds);
            app.sweep().await;
            app.settle().await;
        }
        app.reconcile().await;
        assert_eq!(unrest(&app).await, Vec::<String>::new(), "{shape}");
        // And what it holds can be used.
        let admin = app.admin();
        let resource = resource_body(&admin.new_credential("After").await);
        let _ = admin.post("/resources", resource).await.expect(201);
    }
}

#[tokio::test]
async fn every_recorded_stream_is_worked_through() {
    for shape in shapes() {
        let app = on_recorded_table(&shape).await;
        seal_anew(&app.admin()).await;
        let records = recorded(&shape, "stream.jsonl");
        assert!(records.iter().any(|record| record["eventName"] == "MODIFY"), "{shape}");
        let workers = functions::workers();
        let (_, worker) = workers.iter().find(|(name, _)| *name == "rule-worker").unwrap();
        let unfinished =
            worker.run(&app.app, json!({"Records": records})).in_function("rule-worker").await.unwrap();
        assert_eq!(unfinished, json!({"batchItemFailures": []}), "{shape}");
    }
}

fn entity(item: &Value) -> String {
    item["entity"]["S"].as_str().unwrap().to_owned()
}

/// The attributes of an item by name and kind, with the members of its `data`.
fn attributes(item: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for (name, value) in item.as_object().unwrap() {
        let kind = value.as_object().unwrap().keys().next().unwrap();
        names.push(format!("{name}: {kind}"));
        if ["data", "found"].contains(&name.as_str()) {
            names.extend(attributes(&value["M"]).into_iter().map(|member| format!("{name}.{member}")));
        }
    }
    names
}

/// A line for each attribute that items of a kind have had.
fn attributes_by_entity(images: &[Value]) -> String {
    let lines = images.iter().flat_map(|item| {
        let kind = entity(item);
        attributes(item).into_iter().map(move |name| format!("{kind} {name}\n"))
    });
    lines.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The attributes of a recording, with what came and went since: `since.txt`.
fn attributes_by_now(shape: &str) -> String {
    let text = |file: &str| fs::read_to_string(folder(shape).join(file)).unwrap();
    let mut lines: BTreeSet<_> = text("attributes.txt").lines().map(String::from).collect();
    for line in text("since.txt").lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(' ').unwrap() {
            ("+", attribute) => assert!(lines.insert(attribute.into()), "{attribute} was there before"),
            ("-", attribute) => assert!(lines.remove(attribute), "{attribute} was not there"),
            _ => panic!("{line}: neither + nor -"),
        }
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// The same history as of the newest recording gives items with the same attributes, and those that came since. Where it does
/// not, an older version could not read them: they need the next number (`SHAPE` in `store::item`), a reader of the old one, and
/// a recording.
#[tokio::test]
async fn this_version_writes_what_was_recorded_under_its_number() {
    let now = attributes_by_entity(&Recording::make().await.images);
    let then = attributes_by_now(SHAPE);
    assert_eq!(now, then, "the shape of items has changed under the number of {SHAPE}");
}

/// Makes the recording of a new shape: `cargo test -p api-tests --test sessions make_the_recording -- --ignored`. Never of
/// one that is there: it was released.
#[tokio::test]
#[ignore = "makes files"]
async fn make_the_recording() {
    let recording = Recording::make().await;
    fs::create_dir(folder(SHAPE)).expect("a shape without a recording");
    let lines = |values: &[Value]| values.iter().map(|value| format!("{value}\n")).collect::<String>();
    fs::write(folder(SHAPE).join("table.jsonl"), lines(&recording.items)).unwrap();
    fs::write(folder(SHAPE).join("stream.jsonl"), lines(&recording.records)).unwrap();
    fs::write(folder(SHAPE).join("attributes.txt"), attributes_by_entity(&recording.images)).unwrap();
}
