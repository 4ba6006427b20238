//! Blocks of a session's rows: one that cannot be written keeps no other from hearing, and each of them fits into an item of the
//! table, whatever a provider says.

use aws_sdk_dynamodb::types::AttributeValue;
use model::text::SAID_BYTES_MAX;
use serde_json::{Value, json};
use support::ledger::unrest;
use support::{Client, InFunction as _, ORG, org};
use workers::{RuleWorker, SessionSweeper};

use crate::double::Misbehaving;
use crate::world::{World, group, session_at, shown, start};

/// Longer than anything that is kept, and no character of it is a single byte.
fn longest_words() -> String {
    "é".repeat(5_000)
}

/// Resources on the first group that all open the same ports, and an administrator's session with all of them.
async fn with_large_session(resources: usize, ports: u16) -> (World, Value) {
    let world = World::new().await;
    let ports: Vec<u16> = (1..=ports).collect();
    for _ in 0..resources {
        world.resource_with(1, json!({"ports": ports})).await;
    }
    let session = start(&world.app.admin(), json!({})).await;
    assert_eq!(session["resourceIps"].as_array().unwrap().len(), resources);
    (world, session)
}

async fn seen(world: &World, session: &Value) -> Value {
    shown(&world.app.admin(), session).await
}

/// A provider that refuses every call with the longest words.
async fn refuse_at_length(world: &World) -> Value {
    let cloud = Misbehaving::of(world);
    cloud.refuse_everything(&longest_words());
    let worker = RuleWorker::new(cloud.worker_context(world));
    let (report, _) = worker.run([(org(ORG), group(1))], world.app.now()).in_function("rule-worker").await;
    serde_json::to_value(report).unwrap()
}

/// Every row says why it has failed, in a sentence that was cut.
fn assert_failed_with_a_reason(session: &Value) {
    assert_eq!(session["status"], "FAILED");
    for row in session["resourceIps"].as_array().unwrap() {
        let why = row["errorMessage"].as_str().unwrap();
        assert!(why.contains("éé") && why.len() <= SAID_BYTES_MAX, "{} bytes", why.len());
    }
}

/// The largest item of the table.
async fn largest_item(world: &World) -> usize {
    let items = world.app.db_table().await;
    items.values().map(|item| item.to_string().len()).max().unwrap()
}

async fn assert_at_rest(world: &World) {
    for _ in 0..6 {
        world.app.advance_seconds(60);
        assert_eq!(world.app.sweep().await["failed"], 0);
    }
    assert_eq!(unrest(&world.app).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_large_session_is_told_whatever_a_provider_says() {
    let (world, session) = with_large_session(48, 48).await;
    let report = refuse_at_length(&world).await;
    assert_eq!((&report["failed"], &report["refused"]), (&json!(0), &json!(48)), "{report}");
    assert_failed_with_a_reason(&seen(&world, &session).await);
    assert!(largest_item(&world).await > 300_000, "the blocks are full");
    assert_at_rest(&world).await;
}

/// An earlier version has put more into a block than fits with what a provider says.
#[tokio::test]
async fn a_block_that_is_too_large_is_told_without_the_texts_that_nobody_is_shown() {
    let (world, session) = with_large_session(12, 48).await;
    let much = AttributeValue::S("x".repeat(200_000));
    world.set_attribute(&session_at(&session), "filler", much).await;
    assert_eq!(refuse_at_length(&world).await["failed"], 0);
    assert_failed_with_a_reason(&seen(&world, &session).await);
    assert_at_rest(&world).await;
}

/// The same, and there is room for no text at all; and its end makes the rows a little longer still.
#[tokio::test]
async fn a_block_without_any_room_is_told_and_ended() {
    for is_refused in [true, false] {
        let (world, session) = with_large_session(12, 48).await;
        if !is_refused {
            world.app.settle().await;
        }
        let bytes = 409_300 - item_bytes(&world, &session).await;
        let much = AttributeValue::S("x".repeat(bytes));
        world.set_attribute(&session_at(&session), "filler", much).await;
        if is_refused {
            assert_eq!(refuse_at_length(&world).await["failed"], 0);
            let session = seen(&world, &session).await;
            assert_eq!(
                (&session["status"], &session["resourceIps"][11]["errorMessage"]),
                (&json!("FAILED"), &json!(null))
            );
        } else {
            let path = format!("/sessions/{}/stop", session["id"].as_str().unwrap());
            let _ = world.app.admin().post_empty(&path).await.expect(200);
            world.app.settle().await;
            assert_eq!(seen(&world, &session).await["status"], "CANCELLED");
        }
        assert_at_rest(&world).await;
    }
}

/// A hundred and eighty rows learn at once: more than an expression can name.
#[tokio::test]
async fn many_rows_of_one_block_are_told_at_once() {
    let world = World::new().await;
    for _ in 0..90 {
        world.resource(1).await;
    }
    let admin = world.app.admin();
    let session = start(&admin, json!({"ipv6Address": "2001:db8::7", "durationMinutes": 5})).await;
    world.app.proxy.take_bodies();
    world.app.settle().await;
    let longest = longest_expression(&world.app.proxy.take_bodies());
    assert!(longest <= 4_096, "DynamoDB takes 4 KB of an expression, and not {longest} bytes");
    assert_eq!(seen(&world, &session).await["status"], "ACTIVE");
    world.app.advance_seconds(300);
    world.app.sweep().await;
    world.app.settle().await;
    assert_eq!(seen(&world, &session).await["status"], "EXPIRED");
    assert_at_rest(&world).await;
}

fn longest_expression(calls: &[(String, Value)]) -> usize {
    let writes = calls.iter().flat_map(|(_, body)| body["TransactItems"].as_array().into_iter().flatten());
    let parts = writes.flat_map(|write| write.as_object().unwrap().values());
    let texts = parts.flat_map(|part| [&part["UpdateExpression"], &part["ConditionExpression"]]);
    texts.filter_map(Value::as_str).map(str::len).max().unwrap()
}

/// Rows of resources that open nothing cost no write.
#[tokio::test]
async fn a_session_of_many_resources_that_open_nothing_fits() {
    let world = World::new().await;
    let name = "é".repeat(255);
    let admin = world.app.admin();
    for number in 0..400 {
        let id = world.resource_with(1, json!({})).await;
        let body = json!({"name": name});
        let _ = admin.patch(&format!("/resources/{id}"), body).await.expect(200);
        if number % 80 == 79 {
            // The caller's rate.
            world.app.advance_seconds(60);
        }
    }
    let session = start(&world.app.admin(), json!({"ipv6Address": "2001:db8::7"})).await;
    assert_eq!(
        (&session["status"], session["resourceIps"].as_array().unwrap().len()),
        (&json!("FAILED"), 800)
    );
}

/// Bytes of a session's item, by DynamoDB's rules: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>.
async fn item_bytes(world: &World, session: &Value) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Null | Value::Bool(_) => 1,
            Value::Number(digits) => digits.to_string().len().div_ceil(2) + 1,
            Value::String(text) => text.len(),
            Value::Array(values) => 3 + values.iter().map(|value| 1 + of(value)).sum::<usize>(),
            Value::Object(members) => {
                3 + members.len() + members.iter().map(|(name, value)| name.len() + of(value)).sum::<usize>()
            }
        }
    }
    let items = world.app.db_table().await;
    let item = &items[&session_at(session)];
    item.as_object().unwrap().iter().map(|(name, value)| name.len() + of(value)).sum()
}

/// Somebody whose session cannot be read, and a colleague who started a second later: on rules of their own, or on the same one.
async fn with_colleague(address: Option<&str>) -> (World, [Client; 2], [Value; 2], String) {
    let world = World::new().await;
    let resources = [world.resource(1).await, world.resource(1).await];
    let grace = world.person("grace", &[&resources[0]]).await;
    let ada = world.person("ada", &[&resources[1]]).await;
    let of_grace = start(&grace, json!({})).await;
    world.app.advance_seconds(1);
    let of_ada = start(&ada, json!({"ipv4Address": address})).await;
    let [_, resource] = resources;
    (world, [grace, ada], [of_grace, of_ada], resource)
}

#[tokio::test]
async fn a_block_that_cannot_be_read_keeps_nobody_else_waiting() {
    for address in [None, Some("198.51.100.7")] {
        let (world, [_, ada], [of_grace, of_ada], _) = with_colleague(address).await;
        world.set_shape(&session_at(&of_grace), 2).await;
        world.app.settle().await;
        assert_eq!(shown(&ada, &of_ada).await["status"], "ACTIVE", "{address:?}");
        for _ in 0..3 {
            world.app.advance_seconds(60);
            world.app.sweep().await;
        }
        assert_eq!(shown(&ada, &of_ada).await["status"], "ACTIVE", "{address:?}");
    }
}

#[tokio::test]
async fn a_block_that_cannot_be_read_keeps_nobody_else_from_ending() {
    for address in [None, Some("198.51.100.7")] {
        let (world, [grace, ada], [of_grace, of_ada], resource) = with_colleague(address).await;
        world.app.settle().await;
        for (person, session) in [(&grace, &of_grace), (&ada, &of_ada)] {
            let path = format!("/sessions/{}/stop", session["id"].as_str().unwrap());
            let _ = person.post_empty(&path).await.expect(200);
        }
        world.set_shape(&session_at(&of_grace), 2).await;
        world.app.settle().await;
        world.app.advance_seconds(60);
        world.app.sweep().await;
        assert_eq!(shown(&ada, &of_ada).await["status"], "CANCELLED", "{address:?}");
        assert_eq!((world.addresses(1).len(), world.live(&resource).await), (0, 0), "{address:?}");
        let _ = world.app.admin().delete(&format!("/resources/{resource}")).await.expect(204);
        // An operator repairs it, and nothing is left.
        world.set_shape(&session_at(&of_grace), 1).await;
        assert_at_rest(&world).await;
    }
}

/// The rules of one block are told in two transactions, and the first of them is refused.
#[tokio::test]
async fn a_transaction_that_is_refused_keeps_no_other_of_its_block_from_being_told() {
    let (world, session) = with_large_session(1, 50).await;
    let now = world.app.now();
    let context = world.app.worker_context();
    let tell = |calls: &[(String, Value)]| {
        calls.iter().position(|(_, body)| body.to_string().contains("DELETE #fresh")).unwrap()
    };
    // A run in another world says which call is the first to tell.
    let (twin, _) = with_large_session(1, 50).await;
    twin.app.proxy.take_bodies();
    twin.app.settle().await;
    let calls = twin.app.proxy.take_bodies();
    let before = calls.iter().take(tell(&calls)).filter(|(target, _)| target.ends_with("TransactWriteItems"));
    world.app.proxy.fail_after(
        "TransactWriteItems",
        before.count(),
        400,
        &json!({"__type": "AccessDeniedException"}),
    );
    let (report, _) =
        RuleWorker::new(context).run([(org(ORG), group(1))], now).in_function("rule-worker").await;
    assert_eq!(report.failed, 1);
    let fresh = world.app.db_table().await.values().filter(|item| item.get("fresh").is_some()).count();
    assert_eq!(fresh, 45, "those of the first transaction");
    world.app.advance_seconds(60);
    let _ = SessionSweeper::new(world.app.worker_context())
        .run(world.app.now())
        .in_function("session-sweeper")
        .await
        .unwrap();
    assert_eq!(seen(&world, &session).await["status"], "ACTIVE");
}
