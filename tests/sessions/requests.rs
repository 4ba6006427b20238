//! What requests about sessions may say, and what they are answered.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::{InFunction as _, ORG, TestApp, org};
use workers::RuleWorker;

use crate::world::{SOURCE, World, group, row_states, shown, start};
use support::ledger::unrest;

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_member_of_a_start_is_checked_and_a_bad_one_changes_nothing() {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let person = world.person("grace", &[&resource]).await;
    let _ = person.get("/me").await.expect(200);
    let before = world.app.db_objects().await;
    for (body, field) in [
        (json!({"durationHours": 0}), "durationHours"),
        (json!({"durationHours": 1.5}), "durationHours"),
        (json!({"durationHours": "1"}), "durationHours"),
        (json!({"durationHours": 25}), "durationHours"),
        (json!({"durationMinutes": -1}), "durationMinutes"),
        (json!({"durationMinutes": 1441}), "durationMinutes"),
        (json!({"durationHours": 1, "durationMinutes": 1}), "durationMinutes"),
        (json!({"ipv4Address": "10.0.0.1"}), "ipv4Address"),
        (json!({"ipv4Address": "0.0.0.0"}), "ipv4Address"),
        (json!({"ipv4Address": "203.0.113.0/24"}), "ipv4Address"),
        (json!({"ipv4Address": "2001:db8::1"}), "ipv4Address"),
        (json!({"ipv6Address": "::1"}), "ipv6Address"),
        (json!({"ipv6Address": "fe80::1"}), "ipv6Address"),
        (json!({"resourceIds": []}), "resourceIds"),
        (json!({"resourceIds": ["x"]}), "resourceIds"),
        (json!({"reason": 5}), "reason"),
        (json!({"sourceIp": "198.51.100.1"}), "sourceIp"),
    ] {
        let reply = person.post("/sessions", body.clone()).await.expect(400);
        assert!(reply.json["validationErrors"][field].is_string(), "{body}: {}", reply.text);
    }
    let unknown = json!({"resourceIds": [resource, "550e8400-e29b-41d4-a716-446655440000"]});
    let reply = person.post("/sessions", unknown).await.expect(404);
    assert_eq!(reply.json["message"], "Resource not found with id: 550e8400-e29b-41d4-a716-446655440000");
    assert_eq!(world.app.db_objects().await, before);
    let other = world.resource(2).await;
    let _ = person.post("/sessions", json!({"resourceIds": [other]})).await.expect(404);
    let _ = world.app.admin().post("/sessions", json!({"resourceIds": [other]})).await.expect(201);
}

/// A header that names an address is nobody's word.
#[tokio::test]
async fn the_address_is_the_gateways_and_never_a_headers() {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let person = world.person("grace", &[&resource]).await;
    let liar = person
        .with_header("x-forwarded-for", "198.51.100.66")
        .with_header("x-real-ip", "198.51.100.66")
        .with_header("forwarded", "for=198.51.100.66");
    let session = liar.post_empty("/sessions").await.expect(201).json;
    assert_eq!(session["ipv4Address"], SOURCE);
    let declared = start(&person, json!({"ipv4Address": "198.51.100.5", "ipv6Address": "2001:db8::5"})).await;
    assert_eq!(row_states(&declared).len(), 2, "a row for each family");
    world.app.settle().await;
    assert_eq!(world.addresses(1), ["198.51.100.5/32", "2001:db8::5/128", &format!("{SOURCE}/32")]);
    let log = world.app.admin().get("/audit-logs?eventType=SESSION_START&limit=1").await.expect(200).json;
    let details = &log["content"][0]["details"];
    assert_eq!((&details["ipv4Address"], &details["sourceIp"]), (&json!("198.51.100.5"), &json!(SOURCE)));
}

#[tokio::test]
async fn a_session_lasts_as_long_as_the_most_generous_role_allows() {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let person = world.person("grace", &[]).await;
    let admin = world.app.admin();
    for (name, hours) in [("Two", json!(2)), ("Three", json!(3)), ("One", json!(1))] {
        let role = json!({"name": name, "maxSessionDurationHours": hours});
        let role = admin.post("/roles", role).await.expect(201).id();
        let _ = admin.post_empty(&format!("/roles/{role}/users/grace")).await.expect(200);
        let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    }
    let refused = person.post("/sessions", json!({"durationMinutes": 181})).await.expect(400).json;
    assert_eq!(
        refused["validationErrors"]["durationMinutes"],
        "durationMinutes must not be longer than 3 hours"
    );
    let session = start(&person, json!({"durationHours": 2})).await;
    let path = format!("/sessions/{}/extend", session["id"].as_str().unwrap());
    let early = person.post(&path, json!({"additionalMinutes": 1})).await.expect(400).json;
    assert_eq!(early["message"], "A session that is PENDING cannot be extended");
    world.app.settle().await;
    for body in
        [json!({}), json!({"additionalHours": 0}), json!({"additionalHours": 1, "additionalMinutes": 1})]
    {
        let _ = person.post(&path, body).await.expect(400);
    }
    let over = person.post(&path, json!({"additionalMinutes": 61})).await.expect(400).json;
    assert!(over["validationErrors"]["additionalMinutes"].as_str().unwrap().contains("3 hours in all"));
    let longer = person.post(&path, json!({"additionalHours": 1})).await.expect(200).json;
    assert_eq!((&longer["expiresAt"], &longer["status"]), (&json!("2026-02-18T13:30:00Z"), &json!("ACTIVE")));
    world.app.advance_seconds(2 * 3600 + 60);
    world.app.sweep().await;
    assert_eq!(world.rules(1).len(), 1, "the timer of the first end is stale");
}

#[tokio::test]
async fn sessions_are_their_owners_and_lists_show_the_newest_first() {
    let world = World::new().await;
    let (first, second) = (world.resource(1).await, world.resource(2).await);
    let (grace, ada) =
        (world.person("grace", &[&first, &second]).await, world.person("ada", &[&second]).await);
    let mut started = Vec::new();
    for number in 0..5 {
        world.app.advance_seconds(1);
        let resources = if number == 4 { json!([first]) } else { json!([first, second]) };
        started
            .push(start(&grace, json!({"resourceIds": resources})).await["id"].as_str().unwrap().to_owned());
    }
    let of_ada = start(&ada, json!({})).await["id"].as_str().unwrap().to_owned();
    world.app.settle().await;
    started.reverse();
    assert_eq!(ids(&grace.get("/sessions").await.expect(200).json), started);
    assert_eq!(ids(&ada.get("/sessions").await.expect(200).json), [&of_ada]);
    let _ = ada.get(&format!("/sessions/{}", started[0])).await.expect(404);
    let _ = ada.post_empty(&format!("/sessions/{}/stop", started[0])).await.expect(404);
    let _ = ada
        .post(&format!("/sessions/{}/extend", started[0]), json!({"additionalHours": 1}))
        .await
        .expect(404);
    let admin = world.app.admin();
    assert_eq!(admin.get("/sessions/admin").await.expect(200).json.as_array().unwrap().len(), 6);
    assert_eq!(ids(&admin.get("/sessions/admin?userId=ada").await.expect(200).json), [&of_ada]);
    assert_eq!(
        admin.get(&format!("/sessions?resourceId={second}")).await.expect(200).json.as_array().unwrap().len(),
        5
    );
    assert_eq!(
        ids(&grace.get(&format!("/sessions?resourceId={second}")).await.expect(200).json),
        started[1..]
    );
    let _ = admin.post_empty(&format!("/sessions/{}/stop", started[1])).await.expect(404);
    let stopped = admin.post_empty(&format!("/sessions/admin/{}/stop", started[1])).await.expect(200).json;
    assert_eq!((&stopped["status"], &stopped["endedReason"]), (&json!("EXPIRING"), &json!("ADMIN")));
    let again = admin.post_empty(&format!("/sessions/admin/{}/stop", started[1])).await.expect(400).json;
    assert_eq!(again["message"], "A session that is EXPIRING cannot be stopped");
    assert_eq!(ids(&grace.get("/sessions?status=EXPIRING").await.expect(200).json), [&started[1]]);
    for query in ["status=RUNNING", "resourceId=x", "limit=0", "cursor=x"] {
        let _ = grace.get(&format!("/sessions?{query}")).await.expect(400);
    }
    // In parts, with the filter kept.
    let mut path = String::from("/sessions?limit=2&status=ACTIVE");
    let mut seen = Vec::new();
    loop {
        let part = grace.get(&path).await.expect(200);
        seen.extend(ids(&part.json).into_iter().map(String::from));
        let Some(link) = part.header("link") else { break };
        path = link.trim_start_matches("</api/v1").split('>').next().unwrap().to_owned();
    }
    let active = [&started[0], &started[2], &started[3], &started[4]];
    assert_eq!(seen.iter().collect::<Vec<_>>(), active);
}

#[tokio::test]
async fn a_config_without_a_port_opens_nothing() {
    let world = World::new().await;
    let (bare, good) = (world.resource_with(1, json!({})).await, world.resource(2).await);
    let person = world.person("grace", &[&bare, &good]).await;
    let session = start(&person, json!({})).await;
    world.app.settle().await;
    let shown = shown(&person, &session).await;
    assert_eq!((&shown["status"], row_states(&shown)), (&json!("PARTIAL"), vec!["FAILED", "APPLIED"]));
    assert_eq!(shown["resourceIps"][0]["errorMessage"], "The resource's config names no port");
    assert_eq!((world.rules(1).len(), world.live(&bare).await), (0, 0));
    let only = start(&person, json!({"resourceIds": [bare]})).await;
    assert_eq!(only["status"], "FAILED");
    let _ = person.post_empty(&format!("/sessions/{}/stop", only["id"].as_str().unwrap())).await.expect(400);
}

/// Two writes a row: 48 rows are one transaction, and 49 are reserved in blocks.
#[tokio::test]
async fn rows_fit_or_are_reserved_in_blocks() {
    let world = World::of(TestApp::new().await).await;
    let mut resources = Vec::new();
    for number in 1..=49 {
        resources.push(world.resource(number).await);
    }
    let person = world.person("grace", &resources.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let _ = person.get("/me").await.expect(200);
    let groups: BTreeSet<_> = (1..=49).map(|number| (org(ORG), group(number))).collect();
    for (rows, families, transactions) in [(1, 1, 1), (48, 1, 1), (49, 1, 5), (32, 2, 1), (33, 2, 5)] {
        let mut body = json!({"resourceIds": resources[..rows]});
        if families == 2 {
            body["ipv6Address"] = json!("2001:db8::5");
        }
        world.app.proxy.take_calls();
        let session = start(&person, body).await;
        let calls = world.app.proxy.take_calls();
        let written = calls.iter().filter(|call| *call == "TransactWriteItems").count();
        assert_eq!(written, transactions, "{rows} rows of {families} families: {calls:?}");
        assert_eq!(row_states(&session), vec!["PENDING"; rows * families]);
        if transactions == 1 {
            // The user; the resources (there are no roles); the transaction.
            assert_eq!(calls, ["GetItem", "BatchGetItem", "TransactWriteItems"]);
        }
        let work = async || {
            let _ = RuleWorker::new(world.app.worker_context())
                .run(groups.clone(), world.app.now())
                .in_function("rule-worker")
                .await;
        };
        work().await;
        let active = shown(&person, &session).await;
        assert_eq!((&active["status"], row_states(&active).len()), (&json!("ACTIVE"), rows * families));
        let stopped = person.post_empty(&format!("/sessions/{}/stop", session["id"].as_str().unwrap())).await;
        assert_eq!(stopped.expect(200).json["status"], "EXPIRING");
        work().await;
        assert_eq!(unrest(&world.app).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_key_acts_as_its_maker_within_its_scopes() {
    let world = World::new().await;
    let resource = world.resource(1).await;
    let admin = world.app.admin();
    let me = admin.get("/me").await.expect(200).id();
    let _ = admin.post_empty(&format!("/users/{me}/resources/{resource}")).await.expect(200);
    let write = world.app.caller(&[("x-api-key", &admin.new_api_key(&["sessions:write"]).await)]);
    let read = world.app.caller(&[("x-api-key", &admin.new_api_key(&["sessions:read"]).await)]);
    let session = start(&write, json!({"durationMinutes": 5})).await;
    assert_eq!(session["userId"], json!(me));
    let path = format!("/sessions/{}", session["id"].as_str().unwrap());
    let _ = write.get(&path).await.expect(403);
    let _ = read.get(&path).await.expect(200);
    let _ = read.post_empty(&format!("{path}/stop")).await.expect(403);
    let _ = write.post_empty(&format!("{path}/stop")).await.expect(200);
    let other = world.resource(2).await;
    let _ = write.post("/sessions", json!({"resourceIds": [other]})).await.expect(404);
    let log = admin.get("/audit-logs?eventType=SESSION_START&limit=1").await.expect(200).json;
    assert_eq!(
        (&log["content"][0]["actorType"], &log["content"][0]["actorId"]),
        (&json!("API_KEY"), &json!(me))
    );
}
