//! What happens to sessions and rules, with the workers.

use firewall::{CloudRule, RuleTag};
use serde_json::{Value, json};
use support::sessions::{entered, start};
use support::{ORG, resource_body};

use super::drive::{Drive, NOTHING};
use support::objects::Objects;

/// Sessions and rules, with what the workers do for them.
pub(super) async fn drive_sessions(drive: &mut Drive) {
    let mut objects = Objects::new(&drive.app, &drive.admin, "Sessions").await;
    objects.run_session(&drive.app, &drive.admin).await;
    let get = objects.path("/api/v1/sessions/{id}").replace("/api/v1", "");
    drive.all(&[(format!("GET {get}"), 200), ("GET /sessions".into(), 200)]).await;
    drive.all(&[("GET /sessions/admin".into(), 200), ("GET /rules".into(), 200)]).await;
    let everybodys = objects.path("/api/v1/resources/{id}").replace("/api/v1/resources/", "");
    drive.all(&[(format!("GET /sessions?resourceId={everybodys}"), 200)]).await;
    let _ = drive.call(&format!("POST {get}/extend"), json!({"additionalHours": 1}), 200).await;
    drive.all(&[(format!("POST {get}/stop"), 200), (format!("POST {get}/stop"), 400)]).await;
    // Its rule is removed: whether it is open for others is looked up.
    drive.run("rule-worker", &objects.group()).await;
    drive.all(&[(format!("GET {get}"), 200)]).await;
    let mut others = Objects::new(&drive.app, &drive.admin, "More sessions").await;
    others.run_session(&drive.app, &drive.admin).await;
    let stop = others.path("/api/v1/sessions/admin/{id}/stop").replace("/api/v1", "");
    drive.all(&[(format!("POST {stop}"), 200)]).await;
    let mut stuck = Objects::new(&drive.app, &drive.admin, "Stuck").await;
    stuck.run_session(&drive.app, &drive.admin).await;
    stuck.make_stuck(&drive.app, &drive.admin).await;
    let path = stuck.path("/api/v1/rules/{id}/resolve").replace("/api/v1", "");
    let _ = drive.call(&format!("POST {path}"), json!({"reason": "Gone"}), 200).await;
    drive_starts(drive).await;
    drive_a_long_extension(drive).await;
}

/// An extension of a session with more resources than one transaction can ask about.
async fn drive_a_long_extension(drive: &mut Drive) {
    let objects = Objects::new(&drive.app, &drive.admin, "Many resources").await;
    let value = json!({"accessKeyId": "AKIA1", "secretAccessKey": "s"});
    let body = json!({"name": "Of many", "credential_type": "ACCESS_KEY", "value": value});
    let credential = drive.admin.post("/credentials/", body).await.expect(201).id();
    let mut resources = Vec::new();
    for _ in 0..98 {
        let mut body = resource_body(&credential);
        body["resourceIdentifier"] = json!(objects.group().group_id);
        let id = drive.admin.post("/resources", body).await.expect(201).id();
        let _ = drive.admin.patch(&format!("/resources/{id}"), json!({"isActive": true})).await.expect(200);
        resources.push(id);
    }
    let body = json!({"resourceIds": resources});
    let path = format!("/sessions/{}", drive.admin.post("/sessions", body).await.expect(201).id());
    drive.run("rule-worker", &objects.group()).await;
    let _ = drive.call(&format!("POST {path}/extend"), json!({"additionalHours": 1}), 200).await;
    drive.all(&[(format!("POST {path}/stop"), 200)]).await;
    drive.run("rule-worker", &objects.group()).await;
}

/// Starts with few and with many rows, by somebody who is known and by somebody who is not.
async fn drive_starts(drive: &mut Drive) {
    let mut objects = Objects::new(&drive.app, &drive.admin, "Few rows").await;
    objects.run_session(&drive.app, &drive.admin).await;
    let resource = objects.path("/api/v1/resources/{id}").replace("/api/v1/resources/", "");
    let _ = drive.call("POST /sessions", json!({"resourceIds": [resource]}), 201).await;
    let everything = drive.call("POST /sessions", json!({}), 201).await.id();
    drive.all(&[(format!("POST /sessions/{everything}/stop"), 200)]).await;
    let resources = resources_of_many_rules(drive).await;
    let many = drive.call("POST /sessions", json!({"resourceIds": resources}), 201).await.id();
    drive.all(&[(format!("GET /sessions/{many}"), 200), ("GET /sessions".into(), 200)]).await;
    drive.all(&[(format!("POST /sessions/{many}/stop"), 200)]).await;
    // A resource changes before the second block of rows is reserved: the first one is released.
    drive.app.proxy.fail_after("TransactWriteItems", 1, 400, &changed());
    let again = drive.call("POST /sessions", json!({"resourceIds": resources}), 201).await.id();
    drive.all(&[(format!("POST /sessions/{again}/stop"), 200)]).await;
    let stranger = drive.app.bearer(&drive.app.token("stranger", ORG, &["ORG_ADMIN"]));
    drive.call_as(&stranger, "POST /sessions", json!({"resourceIds": [resource]}), 201).await;
    let held = format!("DELETE /resources/{resource}");
    drive.all(&[(held.clone(), 400), (format!("{held}?drain=true"), 202)]).await;
    let with_session = drive.app.bearer(&drive.app.token("stranger", ORG, &["USER"]));
    drive.call_as(&with_session, "GET /sessions", Value::Null, 200).await;
}

/// What a transaction is answered when something has changed since it was read.
fn changed() -> Value {
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled", "CancellationReasons": [{"Code": "ConditionalCheckFailed"}],
    })
}

/// Two resources that one transaction has no room for.
pub(super) async fn resources_of_many_rules(drive: &Drive) -> Vec<String> {
    let ports: Vec<_> = (1..=58).collect();
    let mut resources = Vec::new();
    for _ in 0..2 {
        let objects = Objects::new(&drive.app, &drive.admin, "Many rules").await;
        let id = objects.path("/api/v1/resources/{id}").replace("/api/v1/resources/", "");
        let body = json!({"isActive": true, "config": {"ports": ports}});
        let _ = drive.admin.patch(&format!("/resources/{id}"), body).await.expect(200);
        resources.push(id);
    }
    resources
}

/// The workers, one after another, with everything that there is to do for them.
pub(super) async fn drive_workers(drive: &mut Drive) {
    let mut objects = Objects::new(&drive.app, &drive.admin, "Work").await;
    let group = objects.group();
    let session = objects.begin_session(&drive.admin).await;
    drive.run("rule-worker", &group).await;
    let _ = drive.admin.post_empty(&format!("/sessions/{session}/stop")).await.expect(200);
    drive.run("rule-worker", &group).await;
    objects.begin_session(&drive.admin).await;
    drive.app.advance_seconds(60);
    drive.run("session-sweeper", &group).await;
    drive.app.advance_seconds(3700);
    drive.admin = drive.app.admin();
    let _ = objects.begin_session(&drive.admin).await;
    let rules = drive.app.cloud.groups().into_iter().find(|(found, _)| *found == group).unwrap().1;
    drive.app.cloud.remove_rule(&group, &rules[0].id);
    let orphan = RuleTag { deployment: None, org: ORG.into(), rule: NOTHING.into() };
    let orphan = CloudRule { id: String::new(), ingress: None, version: None, tag: Some(orphan) };
    drive.app.cloud.add_rule(&group, orphan);
    drive.run("rule-reconciler", &group).await;
    let all = drive.admin.get("/sessions?status=ACTIVE").await.expect(200).json;
    for session in all.as_array().unwrap() {
        let path = format!("/sessions/{}/stop", session["id"].as_str().unwrap());
        let _ = drive.admin.post_empty(&path).await.expect(200);
    }
    // Those whose time is over can only be ended.
    let over = drive.admin.get("/sessions?status=EXPIRING").await.expect(200).json;
    for session in over.as_array().unwrap() {
        drive.end(session["id"].as_str().unwrap()).await;
    }
    drive.app.advance_seconds(3700);
    drive.run("rule-reconciler", &group).await;
    drive.admin = drive.app.admin();
    drive_what_broke_off(drive).await;
    drive_timers(drive).await;
}

/// Timers that are set, that come too early and that come in time, of sessions with few and with many rows.
async fn drive_timers(drive: &mut Drive) {
    let mut objects = Objects::new(&drive.app, &drive.admin, "Timed").await;
    objects.begin_session(&drive.admin).await;
    let resource = objects.path("/api/v1/resources/{id}").replace("/api/v1/resources/", "");
    let many = resources_of_many_rules(drive).await;
    let no = json!({"__type": "AccessDeniedException", "message": "no"});
    let mut sessions = Vec::new();
    for (resources, is_broken_off) in [(vec![resource], false), (many.clone(), false), (many, true)] {
        let user = entered(&drive.app.db, ORG, "timed", drive.app.now()).await;
        if is_broken_off {
            // The arming's.
            drive.app.proxy.fail_next("Query", 400, &no);
        }
        let body = json!({"resourceIds": resources, "durationMinutes": 1});
        let session = start(&drive.app.db, &user, body, drive.app.now()).await.unwrap();
        sessions.push(session.head.id.to_string());
    }
    drive.run("session-sweeper", &objects.group()).await;
    for is_over in [false, true] {
        drive.app.advance_seconds(30);
        if is_over {
            // Somebody changes a block of rows between its read and its end.
            drive.app.proxy.fail_after("TransactWriteItems", 3, 400, &changed());
        }
        for session in &sessions {
            drive.end(session).await;
        }
    }
}

/// What the sweeper finishes: a deactivation, a start with many rows, a reservation without a session, a drain.
async fn drive_what_broke_off(drive: &mut Drive) {
    let no = json!({"__type": "AccessDeniedException", "message": "no"});
    let user = entered(&drive.app.db, ORG, "leaving", drive.app.now()).await;
    let resources = resources_of_many_rules(drive).await;
    let body = json!({"resourceIds": resources});
    // The arming's.
    drive.app.proxy.fail_next("Query", 400, &no);
    start(&drive.app.db, &user, body.clone(), drive.app.now()).await.unwrap();
    drive.app.proxy.fail_next("TransactWriteItems", 400, &no);
    // The first two reads are those of the closings and of the quota, the others are the release's.
    drive.app.proxy.fail_after("GetItem", 2, 400, &no);
    drive.app.proxy.fail_next("GetItem", 400, &no);
    start(&drive.app.db, &user, body, drive.app.now()).await.unwrap_err();
    let path = "PATCH /users/leaving";
    let _ = drive.call(path, json!({"isActive": false}), 200).await;
    let _ = drive.call(path, json!({"isActive": true}), 200).await;
    start(&drive.app.db, &user, json!({"resourceIds": resources}), drive.app.now()).await.unwrap();
    drive.app.proxy.fail_next("Query", 400, &no);
    let _ = drive.call(path, json!({"isActive": false}), 200).await;
    drive.all(&[("GET /sessions/admin?userId=leaving".into(), 200)]).await;
    let mut drained = Objects::new(&drive.app, &drive.admin, "Drained").await;
    drained.begin_session(&drive.admin).await;
    let link = format!("/roles/{}/resources/{}", drained.role(), drained.resource());
    let _ = drive.admin.post_empty(&link).await.expect(200);
    let path = drained.path("/api/v1/resources/{id}").replace("/api/v1", "");
    drive.all(&[(format!("DELETE {path}?drain=true"), 202)]).await;
    // Whose sessions and API keys end later.
    let leaver = drive.app.bearer(&drive.app.token("keyholder", ORG, &["ORG_ADMIN"]));
    let _ = leaver.new_api_key(&["audit:read"]).await;
    drive.app.proxy.fail_next("Query", 400, &no);
    drive.all(&[("DELETE /users/keyholder".into(), 204)]).await;
    for seconds in [61, 61, 25 * 3600] {
        drive.app.advance_seconds(seconds);
        drive.run("session-sweeper", &drained.group()).await;
    }
    drive.admin = drive.app.admin();
}
