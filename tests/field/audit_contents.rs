//! A record that says that something was made or deleted, and not what, answers no auditor's question. Reported as
//! <https://github.com/yeti-switch/yeti-web/issues/209>, <https://github.com/specify/specify6/issues/360> and
//! <https://github.com/MISP/MISP/issues/7286>; failed sign-ins that nobody can count, as <https://github.com/MISP/MISP/issues/695>.

use model::rate::RateLimit;
use serde_json::{Value, json};
use support::objects::{Objects, open_the_cloud};
use support::{ADMIN, Client, InFunction as _, ORG, Setup, TestApp, at_millis, resource_body};
use workers::RuleWorker;

async fn rows(caller: &Client, query: &str) -> Vec<Value> {
    let page = caller.get(&format!("/audit-logs?{query}")).await.expect(200).json;
    page["content"].as_array().unwrap().clone()
}

/// The only row of an event.
async fn row(caller: &Client, event: &str) -> Value {
    let rows = rows(caller, &format!("eventType={event}")).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0].clone()
}

fn without(object: &Value, names: &[&str]) -> Value {
    let members = object.as_object().unwrap().iter().filter(|(name, _)| !names.contains(&name.as_str()));
    members.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[tokio::test]
async fn what_was_made_is_on_record_as_it_is_shown() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let body = json!({"name": "AWS", "value": "not a secret", "description": "d", "is_sensitive": false});
    let credential = admin.post("/credentials/", body).await.expect(201).json;
    let resource =
        admin.post("/resources", resource_body(credential["id"].as_str().unwrap())).await.expect(201);
    let role = admin.post("/roles", json!({"name": "R", "description": "x"})).await.expect(201);
    let user = admin.post("/users", json!({"email": "eve@acme.example"})).await.expect(201);
    for (event, shown, links) in [
        ("RESOURCE_CREATE", &resource.json, [].as_slice()),
        ("ROLE_CREATE", &role.json, &["resourceIds", "userIds"]),
        ("USER_CREATE", &user.json, &["roleIds", "resourceIds"]),
    ] {
        let details = row(&admin, event).await["details"].clone();
        assert_eq!(details, json!({"object": without(shown, links)}), "{event}");
    }
    // A value is never on record, whether it may be read or not.
    let object = row(&admin, "CREDENTIAL_CREATE").await["details"]["object"].clone();
    let mut expected = without(&credential, &["usage_count", "references"]);
    expected["value"] = "********".into();
    assert_eq!(object, expected);
    let key = admin.post("/api-keys", json!({"name": "CI", "scopes": ["audit:read"]})).await.expect(201).json;
    let object = row(&admin, "API_KEY_CREATE").await["details"]["object"].clone();
    assert_eq!(object["keyPrefix"], key["keyPrefix"]);
    assert_eq!(object["scopes"], json!(["audit:read"]));
    assert!(object.get("plainTextKey").is_none() && object.get("hash").is_none(), "{object}");
}

#[tokio::test]
async fn who_enters_the_directory_is_on_record_as_well() {
    let app = TestApp::new().await;
    let me = app.member().get("/me").await.expect(200).json;
    let object = row(&app.admin(), "USER_CREATE").await["details"]["object"].clone();
    assert_eq!((&object["id"], &object["email"]), (&me["id"], &me["email"]));
}

#[tokio::test]
async fn a_deletion_says_what_it_removed() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let resources = [admin.new_resource(&credential).await, admin.new_resource(&credential).await];
    let role = admin.new_role("Engineers").await;
    let mut people = Vec::new();
    for number in 0..55 {
        let user = admin.new_user(&format!("person-{number:02}")).await;
        let _ = admin.post_empty(&format!("/roles/{role}/users/{user}")).await.expect(200);
        people.push(user);
    }
    for resource in &resources {
        let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    }
    let _ = admin.post_empty(&format!("/users/{}/resources/{}", people[0], resources[0])).await.expect(200);
    let shown = admin.get(&format!("/resources/{}", resources[0])).await.expect(200).json;
    let _ = admin.delete(&format!("/resources/{}", resources[0])).await.expect(204);
    let details = row(&admin, "RESOURCE_DELETE").await["details"].clone();
    let removed = json!({"roles": {"count": 1, "ids": [role]}, "users": {"count": 1, "ids": [people[0]]}});
    assert_eq!(details, json!({"object": shown, "removed": removed}));
    let shown = admin.get(&format!("/users/{}", people[0])).await.expect(200).json;
    let _ = admin.delete(&format!("/users/{}", people[0])).await.expect(204);
    let details = row(&admin, "USER_DELETE").await["details"].clone();
    let removed = json!({"roles": {"count": 1, "ids": [role]}, "resources": {"count": 0, "ids": []}});
    assert_eq!(details, json!({"object": without(&shown, &["roleIds", "resourceIds"]), "removed": removed}));
    let shown = admin.get(&format!("/roles/{role}")).await.expect(200).json;
    let _ = admin.delete(&format!("/roles/{role}")).await.expect(204);
    let details = row(&admin, "ROLE_DELETE").await["details"].clone();
    assert_eq!(details["object"], without(&shown, &["userIds", "resourceIds"]));
    assert_eq!(details["removed"]["resources"], json!({"count": 1, "ids": [resources[1]]}));
    // The first fifty are named, and all are counted.
    let users = &details["removed"]["users"];
    assert_eq!((&users["count"], users["ids"].as_array().unwrap().len()), (&json!(54), 50));
    let _ = admin.delete(&format!("/resources/{}", resources[1])).await.expect(204);
    let _ = admin.delete(&format!("/credentials/{credential}/")).await.expect(204);
    let object = row(&admin, "CREDENTIAL_DELETE").await["details"]["object"].clone();
    assert_eq!((&object["name"], &object["value"]), (&json!("AWS"), &json!("********")));
    let key = admin.post("/api-keys", json!({"name": "CI", "scopes": ["audit:read"]})).await.expect(201);
    let _ = admin.delete(&format!("/api-keys/{}", key.id())).await.expect(204);
    let object = row(&admin, "API_KEY_REVOKE").await["details"]["object"].clone();
    assert_eq!((&object["name"], &object["createdByEmail"]), (&json!("CI"), &json!("7c9e@acme.example")));
}

#[tokio::test]
async fn a_row_names_its_request_and_the_key_that_acted() {
    let app = TestApp::new().await;
    open_the_cloud(&app);
    let admin = app.admin();
    let made = admin.post("/roles", json!({"name": "R"})).await.expect(201);
    let role = row(&admin, "ROLE_CREATE").await;
    assert_eq!((&role["requestId"], &role["apiKeyId"]), (&json!(made.header("x-request-id")), &Value::Null));
    let mut objects = Objects::new(&app, &admin, "Keys").await;
    objects.begin_session(&admin).await;
    let key =
        admin.post("/api-keys", json!({"name": "CI", "scopes": ["sessions:write"]})).await.expect(201).json;
    let caller = app.caller(&[("x-api-key", key["plainTextKey"].as_str().unwrap())]);
    let started = caller.post("/sessions", json!({"resourceIds": [objects.resource()]})).await.expect(201);
    let start = rows(&admin, "eventType=SESSION_START&limit=1").await[0].clone();
    assert_eq!((&start["apiKeyId"], &start["actorType"]), (&key["id"], &json!("API_KEY")));
    assert_eq!(start["requestId"], json!(started.header("x-request-id")));
    let denied = caller.post("/roles", json!({"name": "X"})).await.expect(403);
    let denial = row(&admin, "ACCESS_DENIED").await;
    assert_eq!(
        (&denial["apiKeyId"], &denial["requestId"]),
        (&key["id"], &json!(denied.header("x-request-id")))
    );
}

/// What orders the log is the time of each row, and those of a start and of its rules come from two machines.
#[tokio::test]
async fn what_became_of_a_session_stands_behind_its_start_whatever_the_clocks_say() {
    for behind in [0, 1, 30_000] {
        let app = TestApp::new().await;
        let admin = app.admin();
        let mut objects = Objects::new(&app, &admin, "Clocks").await;
        app.advance_seconds(60);
        let session = objects.begin_session(&admin).await;
        let now = at_millis(app.now().unix_millis() - behind);
        let worker = RuleWorker::new(app.worker_context());
        let group = || [(support::org(ORG), objects.group())];
        let _ = worker.run(group(), now).in_function("rule-worker").await;
        let _ = admin.post_empty(&format!("/sessions/{session}/stop")).await.expect(200);
        let _ = worker.run(group(), now).in_function("rule-worker").await;
        let log = rows(&admin, &format!("resourceId={session}")).await;
        let events: Vec<_> = log.iter().map(|row| row["eventType"].as_str().unwrap()).collect();
        assert_eq!(events, ["RULE_REMOVE", "SESSION_STOP", "RULE_APPLY", "SESSION_START"], "{behind}");
        let times: Vec<_> = log.iter().map(|row| row["createdAt"].as_str().unwrap()).collect();
        assert!(times.windows(2).all(|pair| pair[0] >= pair[1]), "{times:?}");
    }
}

#[tokio::test]
async fn a_refused_start_is_on_record() {
    let app = TestApp::new().await;
    let (admin, member) = (app.admin(), app.member());
    let _ = member.get("/me").await.expect(200);
    let nothing = member.post("/sessions", json!({})).await.expect(400);
    let refused = row(&admin, "SESSION_START").await;
    let expected = json!({
        "actorId": "member", "actorType": "USER", "resourceType": "USER", "resourceId": "member",
        "result": "REFUSED", "ipAddress": "203.0.113.7", "requestId": nothing.header("x-request-id"),
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(refused[name], *value, "{name}");
    }
    let details = &refused["details"];
    assert_eq!(details["reason"], "NOTHING_TO_OPEN");
    assert_eq!(details["message"], nothing.json["message"]);
    let id = "550e8400-e29b-41d4-a716-446655440000";
    let _ = member.post("/sessions", json!({"resourceIds": [id]})).await.expect(404);
    let refused = rows(&admin, "eventType=SESSION_START&limit=1").await[0]["details"].clone();
    assert_eq!((&refused["reason"], &refused["resourceIds"]), (&json!("RESOURCE_NOT_FOUND"), &json!([id])));
    // A body that cannot be read is no start.
    let _ = member.post("/sessions", json!({"hours": 1})).await.expect(400);
    assert_eq!(rows(&admin, "eventType=SESSION_START").await.len(), 2);
}

#[tokio::test]
async fn refusals_beyond_the_callers_rate_leave_no_row() {
    let app = TestApp::new().await;
    let _ = app.member().get("/me").await.expect(200);
    let twin = app.twin(Setup { rate: RateLimit::new(60, 3), ..Setup::default() });
    let caller = twin.client(&app.token("member", ORG, &["USER"]));
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(caller.post("/sessions", json!({})).await.status.as_u16());
    }
    assert_eq!(statuses, [400, 400, 400, 429, 429, 429]);
    assert_eq!(rows(&app.admin(), "eventType=SESSION_START").await.len(), 3);
}

/// The rows of failed sign-ins, past HTTP: no organization has them.
async fn sign_ins(app: &TestApp) -> Vec<(String, String, Value)> {
    let table = app.db_table().await;
    let rows = table.into_iter().filter(|(_, item)| item["entity"] == "SIGN_INS");
    rows.map(|((pk, sk), item)| (pk, sk, item)).collect()
}

#[tokio::test]
async fn failed_sign_ins_are_counted_by_address_and_minute() {
    let app = TestApp::new().await;
    let _ = app.anonymous().get("/roles").await.expect(401);
    assert!(sign_ins(&app).await.is_empty(), "who shows nothing has not tried to sign in");
    let mut last = None;
    for caller in [app.bearer("garbage"), app.caller(&[("x-api-key", "pst_garbage")]), app.bearer("a.b.c")] {
        last = caller.get("/roles").await.expect(401).header("x-request-id").map(String::from);
    }
    app.advance_seconds(60);
    let _ = app.bearer("garbage").delete("/roles/1").await.expect(401);
    let rows = sign_ins(&app).await;
    let keys: Vec<_> = rows.iter().map(|(pk, sk, _)| (pk.as_str(), sk.as_str())).collect();
    let day = "RATE##SIGN_INS#2026-02-18";
    assert_eq!(keys, [(day, "10:30#203.0.113.7"), (day, "10:31#203.0.113.7")]);
    let (first, second) = (&rows[0].2, &rows[1].2);
    assert_eq!((&first["signIns"], &second["signIns"]), (&json!(3), &json!(1)));
    assert_eq!(first["lastRequest"], json!(last));
    let seconds = app.now().unix_seconds();
    assert_eq!(second["expiresAt"], json!(seconds + 90 * 24 * 3600));
    // They are nobody's: no organization's log has them.
    assert!(rows.iter().all(|(_, _, item)| !item.to_string().contains(ORG)), "{rows:?}");
    let log = app.admin().get("/audit-logs").await.expect(200).json;
    assert_eq!(log, json!({"content": [], "nextCursor": null}));
}

#[tokio::test]
async fn sign_ins_beyond_the_addresss_rate_are_not_counted() {
    let app = TestApp::new().await;
    let twin = app.twin(Setup { rate: RateLimit::new(60, 2), ..Setup::default() });
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(twin.client("garbage").get("/roles").await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 429, 429]);
    let rows = sign_ins(&app).await;
    assert_eq!((rows.len(), &rows[0].2["signIns"]), (1, &json!(2)));
}

/// The answer is the same 401 where the count cannot be kept.
#[tokio::test]
async fn a_failed_sign_in_is_401_also_where_nobody_counts() {
    let app = TestApp::new().await;
    let denied = json!({"__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException"});
    app.proxy.fail_next("UpdateItem", 400, &denied);
    let _ = app.bearer("garbage").get("/roles").await.expect(401);
    assert!(sign_ins(&app).await.is_empty());
    let _ = app.admin().get(&format!("/users/{ADMIN}")).await;
}
