//! Sessions of every size: each operation works to its end, or is refused with a limit that the documents name.

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use model::id::ResourceId;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::collections::HashMap;
use support::ledger::unrest;
use support::{Client, ORG, TestApp};

use crate::world::{World, group};

/// How large a session is, and how it ends.
#[derive(Debug, Clone)]
struct Size {
    resources: usize,
    ports: u16,
    has_both_families: bool,
    is_stopped: bool,
}

impl Size {
    fn rows(&self) -> usize {
        self.resources * if self.has_both_families { 2 } else { 1 }
    }
}

/// Rows that a session may have whatever its ports are.
const ROWS_OF_ANY_PORTS: usize = 94;

/// Sizes up to so many rows, and up to so many rules; small ones as often as large ones.
fn size(rows: usize, rules: usize) -> impl Strategy<Value = Size> {
    let most = usize::BITS - rows.leading_zeros();
    (0..most, any::<prop::sample::Index>(), 1..61_u16, any::<bool>(), any::<bool>()).prop_map(
        move |(bits, place, ports, has_both_families, is_stopped)| {
            let resources = ((1 << bits) + place.index(1 << bits)).min(rows);
            let most = u16::try_from(rules / resources).unwrap_or(u16::MAX).max(1);
            Size { resources, ports: ports.min(most), has_both_families, is_stopped }
        },
    )
}

type Item = HashMap<String, AttributeValue>;

fn renamed(item: &Item, pairs: &[(&str, &str)]) -> Item {
    let value = |value: &AttributeValue| match (value.as_s(), value.as_m()) {
        (Ok(text), _) => {
            AttributeValue::S(pairs.iter().fold(text.clone(), |text, (from, to)| text.replace(from, to)))
        }
        (_, Ok(members)) => AttributeValue::M(renamed(members, pairs)),
        _ => value.clone(),
    };
    item.iter().map(|(name, attribute)| (name.clone(), value(attribute))).collect()
}

/// Resources of so many ports, each on a group of its own. All but the first are written past the store: they are not what is
/// tested.
async fn resources(world: &World, count: usize, ports: u16) -> Vec<String> {
    let config = json!({"protocol": "tcp", "ports": (1..=ports).collect::<Vec<_>>()});
    let first = world.resource_with(1, config).await;
    let (app, key) = (&world.app, format!("ORG#{ORG}#RESOURCE#{first}"));
    let call = app.dynamodb.get_item().table_name(&app.table).key("pk", AttributeValue::S(key));
    let item = call.key("sk", AttributeValue::S("#RESOURCE".into())).send().await.unwrap().item.unwrap();
    let (mut ids, mut writes) = (vec![first.clone()], Vec::new());
    for number in 2..=count {
        let (id, group) = (ResourceId::generate(app.now()).to_string(), group(number));
        app.cloud.add_group(group.clone());
        let pairs = [(first.as_str(), id.as_str()), ("sg-00000001", group.group_id.as_str())];
        let put = PutRequest::builder().set_item(Some(renamed(&item, &pairs))).build().unwrap();
        writes.push(WriteRequest::builder().put_request(put).build());
        ids.push(id);
    }
    for some in writes.chunks(25) {
        let _ =
            app.dynamodb.batch_write_item().request_items(&app.table, some.to_vec()).send().await.unwrap();
    }
    ids
}

/// Sends a request twice with the same key: both answers are the same.
async fn twice(app: &TestApp, path: &str, body: &Value) -> (u16, Value) {
    let caller: Client = app.admin().with_header("idempotency-key", path);
    let first = caller.post(path, body.clone()).await;
    let again = caller.post(path, body.clone()).await;
    assert_eq!(
        (first.status, &first.json["id"]),
        (again.status, &again.json["id"]),
        "{path}: {}",
        again.text
    );
    (first.status.as_u16(), first.json)
}

/// Lets the workers do their rounds until a session is in another state: which one.
async fn until_not(app: &TestApp, id: &str, state: &str) -> String {
    for _ in 0..200 {
        app.advance_seconds(61);
        app.sweep().await;
        let status = app.admin().get(&format!("/sessions/{id}")).await.expect(200).json["status"].clone();
        if status != state {
            return status.as_str().unwrap().into();
        }
    }
    state.into()
}

async fn run(size: &Size) -> Result<(), TestCaseError> {
    let world = World::of(TestApp::new().await).await;
    let app = &world.app;
    let ids = resources(&world, size.resources, size.ports).await;
    let mut body = json!({"resourceIds": ids, "durationHours": 20, "ipv4Address": "198.51.100.5"});
    if size.has_both_families {
        body["ipv6Address"] = json!("2001:db8::5");
    }
    let (status, session) = twice(app, "/sessions", &body).await;
    if status != 201 {
        let sentence = session["message"].as_str().unwrap_or_default();
        let known = ["A session has at most 2000 rows", "The session would need "];
        prop_assert!(status == 400 && known.iter().any(|known| sentence.starts_with(known)), "{session}");
        prop_assert!(size.rows() > ROWS_OF_ANY_PORTS, "{sentence}");
        prop_assert_eq!(unrest(app).await, Vec::<String>::new());
        return Ok(());
    }
    let id = session["id"].as_str().unwrap();
    prop_assert_eq!(until_not(app, id, "PENDING").await, "ACTIVE");
    let (status, longer) =
        twice(app, &format!("/sessions/{id}/extend"), &json!({"additionalMinutes": 30})).await;
    prop_assert_eq!(status, 200, "{}", longer);
    if size.is_stopped {
        let (status, stopped) = twice(app, &format!("/sessions/{id}/stop"), &Value::Null).await;
        prop_assert_eq!(status, 200, "{}", stopped);
    } else {
        app.advance_seconds(21 * 3600);
    }
    let end = if size.is_stopped { "CANCELLED" } else { "EXPIRED" };
    prop_assert_eq!(until_not(app, id, "EXPIRING").await, end);
    prop_assert_eq!(unrest(app).await, Vec::<String>::new());
    Ok(())
}

/// Sizes in one run of the tests.
const CASES: u32 = 6;

/// What proptest would run.
const USUAL_CASES: u32 = 256;

#[test]
fn a_session_of_any_size_works_to_its_end_or_is_refused_with_its_limit() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let given = Config::default();
    // PROPTEST_CASES asks for more, and for the largest ones.
    let (cases, sizes) = if given.cases == USUAL_CASES {
        (CASES, size(120, 200).boxed())
    } else {
        (given.cases, size(2_000, usize::MAX).boxed())
    };
    let config = Config { cases, max_shrink_iters: 8, failure_persistence: None, ..given };
    TestRunner::new(config).run(&sizes, |size| runtime.block_on(run(&size))).unwrap();
}
