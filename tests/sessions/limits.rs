//! What is too much is refused by its own name, and what is allowed works to its end.

use aws_sdk_dynamodb::types::AttributeValue;
use model::id::SessionId;
use model::session::SessionLimits;
use serde_json::{Value, json};
use support::{Client, ORG, Setup, TestApp};

use crate::world::{World, row_states, shown, start};

/// Both families: each resource gets two rows.
const BOTH: (&str, &str) = ("198.51.100.5", "2001:db8::5");

/// A world in which nothing happens by itself.
async fn still() -> World {
    World::of(TestApp::new().await).await
}

/// The same with the quota that a deployment has unless it sets another one.
async fn with_quota() -> World {
    with_limits(SessionLimits::default()).await
}

async fn with_limits(sessions: SessionLimits) -> World {
    let setup = Setup { sessions, ..Setup::default() };
    World::of(TestApp::with_setup(setup).await).await
}

/// Resources of so many ports, each on a group of its own.
async fn resources(world: &World, count: usize, ports: u16) -> Vec<String> {
    let config = json!({"protocol": "tcp", "ports": (1..=ports).collect::<Vec<_>>()});
    let mut ids = Vec::new();
    for number in 1..=count {
        ids.push(world.resource_with(number, config.clone()).await);
    }
    ids
}

/// Adds rows of sessions that are not there to a set of a rule.
async fn crowd(world: &World, rule: &str, set: &str, rows: usize) {
    let table = world.app.db_table().await;
    let is_rule =
        |(_, item): &(&(String, String), &Value)| item["entity"] == "RULE" && item["data"]["id"] == rule;
    let ((pk, sk), _) = table.iter().find(is_rule).unwrap();
    let rows = (0..rows).map(|_| format!("{}:0:0", SessionId::generate(world.app.now()))).collect();
    #[expect(clippy::disallowed_methods, reason = "thousands of sessions")]
    let call = world.app.dynamodb.update_item().table_name(&world.app.table);
    let call = call.key("pk", AttributeValue::S(pk.clone())).key("sk", AttributeValue::S(sk.clone()));
    let call = call.update_expression("ADD #set :rows").expression_attribute_names("#set", set);
    let _ = call.expression_attribute_values(":rows", AttributeValue::Ss(rows)).send().await.unwrap();
}

/// The id of the rule that lets the first port of the first group in.
async fn first_rule(world: &World) -> String {
    let rules = world.ledger().await;
    let is_first = |rule: &&Value| rule["groupId"] == "sg-00000001" && rule["fromPort"] == 1;
    rules.iter().find(is_first).unwrap()["id"].as_str().unwrap().into()
}

/// Lets the workers do their rounds until a session is in a state.
async fn until(world: &World, person: &Client, session: &Value, state: &str) {
    for _ in 0..20 {
        world.app.advance_seconds(46);
        world.app.sweep().await;
        if shown(person, session).await["status"] == state {
            return;
        }
    }
    panic!("it does not become {state}");
}

fn with_key(caller: &Client, key: &str) -> Client {
    caller.with_header("idempotency-key", key)
}

/// A row of 60 rules takes a transaction of its own, and a session requires each of them.
#[tokio::test]
async fn a_session_of_too_many_rules_is_refused_by_what_is_too_much() {
    let world = still().await;
    let ids = resources(&world, 49, 60).await;
    let admin = world.app.admin();
    let body = json!({"resourceIds": ids, "ipv4Address": BOTH.0, "ipv6Address": BOTH.1});
    let refused = admin.post("/sessions", body).await.expect(400).json;
    assert_eq!(
        refused["message"],
        "The session would need 98 blocks of at most 96 rules and resources each, and a session has at most 94: \
         name fewer resourceIds"
    );
    // The first result takes a write of each transaction.
    let repeatable = with_key(&admin, "once")
        .post(
            "/sessions",
            json!({"resourceIds": ids, "ipv4Address": BOTH.0,
        "ipv6Address": BOTH.1}),
        )
        .await
        .expect(400)
        .json;
    assert_eq!(repeatable["message"], refused["message"].as_str().unwrap().replace("96", "95"));
    assert!(world.app.db_table().await.values().all(|item| item["entity"] != "SESSION_ROWS"));
}

/// The rows of this session are more than an item of the table takes a second time.
#[tokio::test]
async fn a_large_session_is_started_extended_and_stopped_once_for_each_key() {
    let world = still().await;
    let ids = resources(&world, 31, 60).await;
    let person = world.app.admin();
    let body = json!({"resourceIds": ids, "ipv4Address": BOTH.0, "ipv6Address": BOTH.1, "durationHours": 1});
    let first = with_key(&person, "start").post("/sessions", body.clone()).await.expect(201).json;
    assert_eq!(row_states(&first).len(), 62);
    assert_eq!(with_key(&person, "start").post("/sessions", body).await.expect(201).json, first);
    let path = format!("/sessions/{}", first["id"].as_str().unwrap());
    until(&world, &person, &first, "ACTIVE").await;
    let longer = json!({"additionalMinutes": 10});
    let (extend, stop) = (format!("{path}/extend"), format!("{path}/stop"));
    let extended = with_key(&person, "extend").post(&extend, longer.clone()).await.expect(200).json;
    assert_eq!(extended["expiresAt"], "2026-02-18T11:40:00Z");
    assert_eq!(with_key(&person, "extend").post(&extend, longer).await.expect(200).json, extended);
    let stopped = with_key(&person, "stop").post_empty(&stop).await.expect(200).json;
    assert_eq!(stopped["status"], "EXPIRING");
    assert_eq!(with_key(&person, "stop").post_empty(&stop).await.expect(200).json, stopped);
    // An administrator's key is their own; the session is over by now.
    let stop = format!("/sessions/admin/{}/stop", first["id"].as_str().unwrap());
    let _ = with_key(&person, "admin").post_empty(&stop).await.expect(400);
    until(&world, &person, &first, "CANCELLED").await;
}

#[tokio::test]
async fn an_administrator_stops_a_large_session_with_a_key() {
    let world = still().await;
    let ids = resources(&world, 31, 60).await;
    let admin = world.app.admin();
    let body = json!({"resourceIds": ids, "ipv4Address": BOTH.0, "ipv6Address": BOTH.1});
    let session = start(&admin, body).await;
    let stop = format!("/sessions/admin/{}/stop", session["id"].as_str().unwrap());
    for _ in 0..2 {
        assert_eq!(with_key(&admin, "k").post_empty(&stop).await.expect(200).json["endedReason"], "ADMIN");
    }
}

/// A repetition shows the session as it is.
#[tokio::test]
async fn a_repetition_shows_the_session_as_it_is_by_then() {
    let world = still().await;
    let resource = world.resource(1).await;
    let person = world.person("grace", &[&resource]).await;
    let caller = with_key(&person, "k");
    let first = start(&caller, json!({"durationMinutes": 5})).await;
    world.app.advance_seconds(46);
    world.app.sweep().await;
    let again = start(&caller, json!({"durationMinutes": 5})).await;
    assert_eq!((&again["id"], &again["status"]), (&first["id"], &json!("ACTIVE")));
    world.app.advance_seconds(300);
    assert_eq!(start(&caller, json!({"durationMinutes": 5})).await["status"], "EXPIRING");
}

#[tokio::test]
async fn a_start_on_a_full_rule_is_refused_or_says_which_row_failed() {
    let world = still().await;
    let ids = resources(&world, 2, 58).await;
    let admin = world.app.admin();
    let _ = start(&admin, json!({"resourceIds": [ids[0]]})).await;
    crowd(&world, &first_rule(&world).await, "holders", 2_100).await;
    let refused = admin.post("/sessions", json!({"resourceIds": [ids[0]]})).await.expect(400).json;
    let sentence =
        "Too many sessions hold the same rule, or wait for its removal: try again when some have ended";
    assert_eq!(refused["message"], sentence);
    // In blocks, the rules are joined after the session is there.
    let session = start(&admin, json!({"resourceIds": ids})).await;
    world.app.advance_seconds(61);
    let report = world.app.sweep().await;
    assert_eq!(report["failed"], 0, "{report}");
    let session = shown(&admin, &session).await;
    assert_eq!((&session["status"], row_states(&session)), (&json!("PARTIAL"), vec!["APPLIED", "APPLIED"]));
    assert_eq!(session["resourceIps"][0]["errorMessage"], sentence);
    assert_eq!(session["resourceIps"][1]["errorMessage"], Value::Null);
    let log = admin.get("/audit-logs?eventType=RULE_REFUSE&limit=1").await.expect(200).json;
    assert_eq!(log["content"][0]["details"]["rules"].as_array().map(Vec::len), Some(1), "{log}");
}

/// A row that holds nothing does not keep its resource from being deleted.
#[tokio::test]
async fn a_row_that_no_rule_has_room_for_is_settled() {
    let world = still().await;
    let config = json!({"protocol": "tcp", "port": 1});
    let (narrow, wide) = (world.resource_with(1, config).await, resources(&world, 2, 58).await[1].clone());
    let more =
        world.resource_with(3, json!({"protocol": "tcp", "ports": (1..=58).collect::<Vec<_>>()})).await;
    let admin = world.app.admin();
    let first = start(&admin, json!({"resourceIds": [narrow]})).await;
    crowd(&world, &first_rule(&world).await, "holders", 2_100).await;
    let session = start(&admin, json!({"resourceIds": [narrow, wide, more]})).await;
    world.app.advance_seconds(61);
    assert_eq!(world.app.sweep().await["failed"], 0);
    let states = shown(&admin, &session).await;
    assert_eq!(row_states(&states), ["FAILED", "APPLIED", "APPLIED"]);
    assert_eq!(world.live(&narrow).await, 1, "of the first session");
    let _ = admin.post_empty(&format!("/sessions/{}/stop", first["id"].as_str().unwrap())).await.expect(200);
}

#[tokio::test]
async fn a_rule_that_very_many_rows_are_leaving_takes_no_more() {
    let world = still().await;
    let ids = resources(&world, 1, 1).await;
    let admin = world.app.admin();
    let session = start(&admin, json!({})).await;
    let rule = first_rule(&world).await;
    let stop = format!("/sessions/{}/stop", session["id"].as_str().unwrap());
    let _ = admin.post_empty(&stop).await.expect(200);
    crowd(&world, &rule, "leaving", 10_223).await;
    let refused = admin.post("/sessions", json!({"resourceIds": ids})).await.expect(400).json;
    assert!(refused["message"].as_str().unwrap().contains("or wait for its removal"), "{refused}");
}

#[tokio::test]
async fn a_person_has_so_many_running_sessions_and_no_more() {
    let world = with_quota().await;
    let resource = world.resource(1).await;
    let (grace, ada) = (world.person("grace", &[&resource]).await, world.person("ada", &[&resource]).await);
    let mut sessions = Vec::new();
    for _ in 0..20 {
        sessions.push(start(&grace, json!({"durationMinutes": 5})).await);
    }
    let refused = grace.post("/sessions", json!({})).await.expect(400).json;
    let sentence = "You have 20 running sessions, as many as one person may have: stop one first";
    assert_eq!(refused["message"], sentence);
    let _ = start(&ada, json!({})).await;
    // One that was stopped runs no more, although its rule may still be there.
    let stop = format!("/sessions/{}/stop", sessions[7]["id"].as_str().unwrap());
    let _ = grace.post_empty(&stop).await.expect(200);
    let _ = start(&grace, json!({})).await;
    let _ = grace.post("/sessions", json!({})).await.expect(400);
    // Those whose time is over run no more, also before somebody has ended them.
    world.app.advance_seconds(301);
    for _ in 0..19 {
        let _ = start(&grace, json!({})).await;
    }
    let _ = grace.post("/sessions", json!({})).await.expect(400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starts_at_once_do_not_pass_the_quota() {
    let world = with_quota().await;
    let resource = world.resource(1).await;
    let grace = world.person("grace", &[&resource]).await;
    let starts = (0..30).map(|_| grace.post("/sessions", json!({})));
    let replies = futures_util::future::join_all(starts).await;
    let count = |status: u16| replies.iter().filter(|reply| reply.status == status).count();
    let running = world.app.db_table().await.values().filter(|item| item["entity"] == "SESSION").count();
    // Where many write one item at once, some may be told to come again.
    assert_eq!((count(201), running), (20, 20));
    assert_eq!(count(400) + count(503), 10);
}

/// A start that found the quota full looks at the sessions that count. Another start may have forgotten those that are over just before.
#[tokio::test]
async fn a_start_beside_the_one_that_forgets_what_is_over_is_not_refused() {
    let world = with_quota().await;
    let resource = world.resource(1).await;
    let grace = world.person("grace", &[&resource]).await;
    for _ in 0..20 {
        let session = start(&grace, json!({})).await;
        let stop = format!("/sessions/{}/stop", session["id"].as_str().unwrap());
        let _ = grace.post_empty(&stop).await.expect(200);
    }
    let proxy = &world.app.proxy;
    let mut transaction = proxy.stop_next("TransactWriteItems");
    let slow = grace.post("/sessions", json!({}));
    let (other, beside) = tokio::join!(slow, async {
        transaction.reached().await;
        let mut look = proxy.stop_next("GetItem");
        drop(transaction);
        look.reached().await;
        let beside = grace.post("/sessions", json!({})).await;
        drop(look);
        beside
    });
    assert_eq!((beside.status.as_u16(), other.status.as_u16()), (201, 201), "{} {}", beside.text, other.text);
}

/// Nothing is reserved for a session that cannot be.
#[tokio::test]
async fn a_large_start_beyond_the_quota_writes_nothing() {
    let world = with_limits(SessionLimits { per_person: 1, ..SessionLimits::default() }).await;
    let ids = resources(&world, 2, 58).await;
    let admin = world.app.admin();
    let _ = start(&admin, json!({"resourceIds": [ids[0]]})).await;
    world.app.proxy.take_calls();
    let refused = admin.post("/sessions", json!({"resourceIds": ids})).await.expect(400).json;
    assert_eq!(
        refused["message"],
        "You have 1 running session, as many as one person may have: stop one first"
    );
    let calls = world.app.proxy.take_calls();
    // The record of the refusal, and no block.
    assert_eq!(calls.iter().filter(|call| *call == "TransactWriteItems").count(), 1, "{calls:?}");
    assert!(world.app.db_table().await.values().all(|item| item["entity"] != "SESSION_ROWS"));
}

/// What failed, what cannot be read and what somebody deleted from the table keeps nobody from starting.
#[tokio::test]
async fn sessions_that_do_not_run_use_up_no_quota() {
    let world = with_quota().await;
    let resource = world.resource(1).await;
    let grace = world.person("grace", &[&resource]).await;
    for _ in 0..19 {
        let _ = start(&grace, json!({})).await;
    }
    world.app.cloud.remove_group(&crate::world::group(1));
    world.app.advance_seconds(46);
    world.app.sweep().await;
    world.app.cloud.add_group(crate::world::group(1));
    for _ in 0..20 {
        let _ = start(&grace, json!({})).await;
    }
    let _ = grace.post("/sessions", json!({})).await.expect(400);
    world.set_shapes("SESSION", 2).await;
    for _ in 0..20 {
        let _ = start(&grace, json!({})).await;
    }
    let _ = grace.post("/sessions", json!({})).await.expect(400);
    let table = world.app.db_table().await;
    let key = (format!("ORG#{ORG}#USER#grace"), String::from("#USER"));
    assert_eq!(table[&key]["sessionIds"].as_array().map(Vec::len), Some(20));
}
