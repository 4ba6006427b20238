//! What a session costs: requests and units of DynamoDB, from its start to the end of its rule. docs/operations.md reckons
//! with these numbers.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::world::{World, start};

/// Calls by operation, and the items that they write: in transactions, where each costs two units, and alone.
#[derive(Debug, Default, PartialEq, Eq)]
struct Cost {
    calls: BTreeMap<String, usize>,
    written_together: usize,
    written_alone: usize,
}

impl Cost {
    fn of(calls: &[(String, Value)]) -> Self {
        let mut cost = Self::default();
        for (target, body) in calls {
            let (service, operation) = target.split_once('.').unwrap();
            let name =
                if service == "TrentService" { format!("KMS {operation}") } else { operation.to_owned() };
            *cost.calls.entry(name).or_default() += 1;
            match operation {
                "TransactWriteItems" => {
                    cost.written_together += body["TransactItems"].as_array().unwrap().len();
                }
                "PutItem" | "UpdateItem" | "DeleteItem" => cost.written_alone += 1,
                _ => {}
            }
        }
        cost
    }

    /// Write units (1 KiB each; every item of a session with one row is smaller), without those of the indexes.
    fn write_units(&self) -> usize {
        2 * self.written_together + self.written_alone
    }
}

#[tokio::test]
async fn a_session_costs_what_the_operators_were_told() {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let person = world.person("grace", &[&resource]).await;
    // Written once for all.
    let _ = world.app.db.deployment(world.app.now()).await.unwrap();
    world.app.proxy.take_bodies();
    let _ = start(&person, json!({"durationMinutes": 60})).await;
    let request = Cost::of(&world.app.proxy.take_bodies());
    world.app.settle().await;
    let apply = Cost::of(&world.app.proxy.take_bodies());
    world.app.advance_seconds(3601);
    world.app.sweep().await;
    let end = Cost::of(&world.app.proxy.take_bodies());
    world.app.settle().await;
    let after = Cost::of(&world.app.proxy.take_bodies());
    world.app.sweep().await;
    let idle = Cost::of(&world.app.proxy.take_bodies());
    let parts = [("start", &request), ("rule", &apply), ("end", &end), ("removal", &after)];
    for (what, cost) in parts {
        println!("{what}: {} write units, {cost:?}", cost.write_units());
    }
    let units: usize = parts.iter().map(|(_, cost)| cost.write_units()).sum();
    let kms: usize = parts.iter().filter_map(|(_, cost)| cost.calls.get("KMS Decrypt")).sum();
    assert_eq!((units, kms), (52, 2), "docs/operations.md reckons with other numbers");
    let queries = BTreeMap::from([("Query".to_owned(), 16)]);
    let expected = Cost { calls: queries, ..Cost::default() };
    assert_eq!(idle, expected, "a sweep without work is eight queries for what is due, and eight for timers");
}
