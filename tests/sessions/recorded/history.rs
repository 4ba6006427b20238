//! What is recorded: a history that leaves an item of each kind.

use local::aws::sequence_number;
use model::rate::RateLimit;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::{Setup, TestApp};

use crate::world::{World, group, start};

/// The groups of the recorded resources.
pub(super) const GROUPS: std::ops::Range<usize> = 1..5;

/// A table, and the records of its stream that wake the rule worker.
pub(super) struct Recording {
    /// Every item that is there at the end, and of each kind that is not the one that was there last. In DynamoDB's JSON.
    pub(super) items: Vec<Value>,
    pub(super) records: Vec<Value>,
    /// Every item as it ever was.
    pub(super) images: Vec<Value>,
}

impl Recording {
    pub(super) async fn make() -> Self {
        let setup = Setup { rate: Some(RateLimit::default()), ..Setup::default() };
        let world = World::of(TestApp::alive_with_setup(setup).await).await;
        live(&world).await;
        Self::of(&world.app)
    }

    fn of(app: &TestApp) -> Self {
        let (mut last, mut of_kind, mut records) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let (mut position, mut images) = (None, Vec::new());
        loop {
            let batch = app.aws.changes(&app.table, position.as_deref(), 1000).unwrap();
            let Some(end) = batch.last().and_then(sequence_number).map(String::from) else { break };
            for record in batch {
                let change = &record["dynamodb"];
                let key = (change["Keys"]["pk"].to_string(), change["Keys"]["sk"].to_string());
                let image = change["NewImage"].clone();
                if image.is_null() {
                    last.remove(&key);
                    continue;
                }
                of_kind.insert(
                    image["entity"]["S"].to_string(),
                    (key.clone(), image["entity"].clone(), image.clone()),
                );
                if image["entity"]["S"] == "RULE" {
                    records.push(record.clone());
                }
                images.push(image.clone());
                last.insert(key, image);
            }
            position = Some(end);
        }
        for (key, kind, image) in of_kind.into_values() {
            if !last.values().any(|item| item["entity"] == kind) {
                last.insert(key, image);
            }
        }
        Self { items: last.into_values().collect(), records, images }
    }
}

async fn live(world: &World) {
    let (app, admin) = (&world.app, world.app.admin());
    let first = world.resource(1).await;
    let second = world.resource(2).await;
    let person = world.person("grace", &[&first, &second]).await;
    let leaver = world.person("joan", &[&first]).await;
    let role =
        admin.with_header("idempotency-key", "recorded").post("/roles", json!({"name": "Engineers"})).await;
    let role = role.expect(201).id();
    for link in [format!("/roles/{role}/resources/{first}"), format!("/roles/{role}/users/grace")] {
        let _ = admin.post_empty(&link).await.expect(200);
    }
    let _ = admin.new_api_key(&["audit:read"]).await;
    // One that is over, one that runs, and one that waits for its rules.
    let over = start(&person, json!({"resourceIds": [first]})).await;
    app.settle().await;
    let _ = person.post_empty(&format!("/sessions/{}/stop", over["id"].as_str().unwrap())).await.expect(200);
    app.settle().await;
    let _ = start(&person, json!({"resourceIds": [second]})).await;
    app.settle().await;
    let _ = start(&leaver, json!({"resourceIds": [first]})).await;
    many_rows(world).await;
    drained(world).await;
    gone(world).await;
}

/// A session whose rows one transaction has no room for.
async fn many_rows(world: &World) {
    let ports: Vec<_> = (1..=58).collect();
    let mut resources = Vec::new();
    for number in [3, 4] {
        resources.push(world.resource_with(number, json!({"ports": ports})).await);
    }
    let ids: Vec<_> = resources.iter().map(String::as_str).collect();
    let person = world.person("ada", &ids).await;
    let _ = start(&person, json!({"resourceIds": resources})).await;
}

/// A resource that waits for its session.
async fn drained(world: &World) {
    let resources = world.app.admin().get("/resources").await.expect(200).json;
    let name = group(2).group_id;
    let found =
        resources.as_array().unwrap().iter().find(|found| found["resourceIdentifier"] == name.as_str());
    let id = found.unwrap()["id"].as_str().unwrap();
    let _ = world.app.admin().delete(&format!("/resources/{id}?drain=true")).await.expect(202);
}

/// Somebody who was deactivated, and somebody who was deleted with more links than one transaction unlinks.
async fn gone(world: &World) {
    let admin = world.app.admin();
    let _ = admin.patch("/users/joan", json!({"isActive": false})).await.expect(200);
    let _ = admin.new_user("linked").await;
    let ids: Vec<_> = (0..200).map(|_| uuid::Uuid::now_v7().to_string()).collect();
    world.app.db_fill_sets_of_user("linked", &ids).await;
    let _ = admin.delete("/users/linked").await.expect(204);
}
