//! Deactivated and deleted people: what they and their API keys are answered, and how soon.

use model::rate::RateLimit;
use serde_json::{Value, json};
use std::time::Duration;
use support::{ADMIN, Client, ORG, Setup, TestApp};

use crate::expect;

const DEACTIVATED: &str = "This user was deactivated";

fn as_admin(app: &TestApp, id: &str) -> Client {
    app.bearer(&app.token(id, ORG, &["ORG_ADMIN"]))
}

fn with_key(app: &TestApp, text: &str) -> Client {
    app.caller(&[("x-api-key", text)])
}

async fn set_active(app: &TestApp, id: &str, is_active: bool) {
    let _ = app.admin().patch(&format!("/users/{id}"), json!({"isActive": is_active})).await.expect(200);
}

/// Reads of the directory since the last look, by person.
fn looks(app: &TestApp) -> Vec<String> {
    let calls = app.proxy.take_bodies().into_iter();
    let reads = calls.filter(|(target, _)| target.ends_with(".GetItem"));
    let users = reads.filter_map(|(_, body)| {
        let (_, user) = body["Key"]["pk"]["S"].as_str()?.split_once("#USER#")?;
        Some(user.to_owned())
    });
    users.collect()
}

#[tokio::test]
async fn a_deactivated_administrator_may_nothing_and_does_not_let_themselves_in_again() {
    let app = TestApp::new().await;
    let ada = as_admin(&app, &app.admin().new_user("ada").await);
    let _ = ada.get("/roles").await.expect(200);
    set_active(&app, "ada", false).await;
    for path in ["/roles", "/users/ada", "/sessions", "/sessions/admin", "/rules", "/audit-logs", "/me"] {
        expect::reason(&ada.get(path).await, 403, "Forbidden", DEACTIVATED, path);
    }
    expect::code(&ada.get("/resources").await, 403, "USER_INACTIVE", DEACTIVATED);
    expect::body(&ada.get("/credentials/").await, 403, json!({"detail": format!("{DEACTIVATED}.")}));
    let before = app.db_objects().await;
    let reply = ada.patch("/users/ada", json!({"isActive": true})).await;
    expect::reason(&reply, 403, "Forbidden", DEACTIVATED, "/users/ada");
    let reply = ada.post("/api-keys", json!({"name": "CI", "scopes": ["audit:read"]})).await;
    expect::reason(&reply, 403, "Forbidden", DEACTIVATED, "/api-keys");
    assert_eq!(app.db_objects().await, before);
    let rows = app.db_audit().await;
    let denied = rows.iter().filter(|row| row.actor_id.as_str() == "ada").map(|row| row.resource_id.as_str());
    assert_eq!(
        denied.collect::<Vec<_>>(),
        ["/api/v1/users/ada", "/api/v1/api-keys"],
        "changes are on record"
    );
    set_active(&app, "ada", true).await;
    let _ = ada.get("/roles").await.expect(200);
}

/// Where no route matches, too, callers are asked who they are before a path is admitted to exist.
#[tokio::test]
async fn a_method_that_a_path_has_not_is_told_to_active_people_only() {
    let app = TestApp::new().await;
    let ada = as_admin(&app, &app.admin().new_user("ada").await);
    let _ = ada.delete("/roles").await.expect(405);
    set_active(&app, "ada", false).await;
    app.proxy.take_calls();
    expect::reason(&ada.delete("/roles").await, 403, "Forbidden", DEACTIVATED, "/roles");
    let _ = ada.get("/nothing").await.expect(404);
    let calls = app.proxy.take_calls();
    assert!(
        calls.iter().all(|call| call != "TransactWriteItems"),
        "nothing would have been changed: {calls:?}"
    );
}

/// Another environment of the function learns of it when it looks again, which is within five seconds.
#[tokio::test]
async fn another_environment_learns_of_it_within_five_seconds() {
    let app = TestApp::new().await;
    let token = app.token(&app.admin().new_user("ada").await, ORG, &["ORG_ADMIN"]);
    let there = app.twin(Setup::default()).client(&token);
    let _ = there.get("/roles").await.expect(200);
    app.advance_seconds(1);
    set_active(&app, "ada", false).await;
    let _ = there.get("/roles").await.expect(200);
    // What was seen is as old as the clock says: four seconds, and one since the change.
    app.advance_seconds(3);
    let _ = there.get("/roles").await.expect(403);
    set_active(&app, "ada", true).await;
    app.advance_seconds(4);
    let _ = there.get("/roles").await.expect(200);
    let _ = app.admin().delete("/users/ada").await.expect(204);
    app.advance_seconds(4);
    let _ = there.get("/me").await.expect(200);
    let _ = app.admin().get("/users/ada").await.expect(200);
}

/// Nobody knows how long ago something was seen when the clock went back.
#[tokio::test]
async fn a_clock_that_goes_back_makes_the_environment_look_again() {
    let app = TestApp::new().await;
    let token = app.token(&app.admin().new_user("ada").await, ORG, &["ORG_ADMIN"]);
    let there = app.twin(Setup::default()).client(&token);
    let _ = there.get("/roles").await.expect(200);
    set_active(&app, "ada", false).await;
    app.advance_seconds(-1);
    let _ = there.get("/roles").await.expect(403);
}

#[tokio::test]
async fn steady_requests_ask_the_directory_once_in_four_seconds() {
    let rate = RateLimit::new(600, 100);
    let app = TestApp::with_setup(Setup { rate, ..Setup::default() }).await;
    let admin = app.admin();
    let key = with_key(&app, &admin.new_api_key(&["resources:read"]).await);
    app.advance_seconds(10);
    looks(&app);
    let mut looked = Vec::new();
    for second in 0..12 {
        for caller in [&admin, &key] {
            for _ in 0..5 {
                let _ = caller.get("/resources").await.expect(200);
            }
        }
        looked.extend(looks(&app).into_iter().map(|person| (second, person)));
        app.advance_seconds(1);
    }
    // A key and the person who made it are looked up as one.
    assert_eq!(looked, [0, 4, 8].map(|second| (second, ADMIN.to_owned())));
}

/// The look at the directory and the rate limiter's call do not wait for each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_look_does_not_wait_for_the_rate_limiter() {
    let app = TestApp::with_setup(Setup { rate: Some(RateLimit::default()), ..Setup::default() }).await;
    let (mut tokens, mut look) = (app.proxy.stop_next("UpdateItem"), app.proxy.stop_next("GetItem"));
    let admin = app.admin();
    let running = tokio::spawn(async move { admin.get("/roles").await });
    // Where the one waited for the other, this would wait for ever.
    let both = async {
        tokens.reached().await;
        look.reached().await;
    };
    tokio::time::timeout(Duration::from_secs(20), both).await.expect("both calls under way at once");
    drop((tokens, look));
    let _ = running.await.unwrap().expect(200);
}

#[tokio::test]
async fn a_table_out_of_reach_admits_nobody() {
    let app = TestApp::new().await;
    let busy = json!({"__type": "ProvisionedThroughputExceededException", "message": "busy"});
    let fail = || (0..10).for_each(|_| app.proxy.fail_next("GetItem", 400, &busy));
    fail();
    let _ = app.admin().get("/roles").await.expect(503);
    fail();
    // That they may not is what they learn all the same.
    let _ = app.member().get("/roles").await.expect(403);
}

#[tokio::test]
async fn a_deactivated_caller_learns_that_before_they_learn_that_they_ask_too_often() {
    let app = TestApp::with_setup(Setup { rate: RateLimit::new(60, 5), ..Setup::default() }).await;
    let ada = as_admin(&app, &app.admin().new_user("ada").await);
    set_active(&app, "ada", false).await;
    for _ in 0..10 {
        let _ = ada.post("/roles", json!({"name": "Mine"})).await.expect(403);
    }
    let rows = app.db_audit().await;
    let denied = rows.iter().filter(|row| row.actor_id.as_str() == "ada").count();
    assert_eq!(denied, 5, "a request above the limit leaves no audit entry");
}

#[tokio::test]
async fn nobody_changes_whether_they_are_active_themselves() {
    let app = TestApp::new().await;
    let (admin, path) = (app.admin(), format!("/users/{ADMIN}"));
    let _ = admin.get("/me").await.expect(200);
    let _ = admin.new_user("ada").await;
    let before = app.db_items().await;
    let fields = json!({"isActive": "isActive of your own user must be changed by somebody else"});
    for body in [json!({"isActive": false}), json!({"isActive": false, "name": "New"})] {
        expect::invalid(&admin.patch(&path, body).await, &path, fields.clone());
    }
    assert_eq!(app.db_items().await, before);
    let _ = admin.patch(&path, json!({"isActive": true, "name": "New"})).await.expect(200);
    set_active(&app, "ada", false).await;
}

/// The answers to a key of every scope, at what each scope opens.
async fn answers(key: &Client) -> Vec<u16> {
    let mut statuses = Vec::new();
    for path in ["/sessions", "/resources", "/audit-logs", "/me"] {
        statuses.push(key.get(path).await.status.as_u16());
    }
    statuses.push(key.post("/sessions", json!({"durationHours": 1})).await.status.as_u16());
    statuses
}

/// What is to follow a deletion fails, as if there were a crash right after it: it is left to the sweeper.
fn refuse_next_query(app: &TestApp) {
    app.proxy.fail_next("Query", 400, &json!({"__type": "AccessDeniedException", "message": "no"}));
}

const ALL: [&str; 4] = ["sessions:read", "sessions:write", "resources:read", "audit:read"];

#[tokio::test]
async fn a_key_is_good_for_as_much_as_its_maker() {
    let app = TestApp::new().await;
    let ada = as_admin(&app, "ada");
    let key = with_key(&app, &ada.new_api_key(&ALL).await);
    assert_eq!(answers(&key).await, [200, 200, 200, 200, 400], "there is nothing to open");
    set_active(&app, "ada", false).await;
    assert_eq!(answers(&key).await, [403; 5]);
    expect::reason(&key.get("/me").await, 403, "Forbidden", DEACTIVATED, "/me");
    set_active(&app, "ada", true).await;
    assert_eq!(answers(&key).await, [200, 200, 200, 200, 400]);
    refuse_next_query(&app);
    let _ = app.admin().delete("/users/ada").await.expect(204);
    assert_eq!(answers(&key).await, [401; 5]);
    let _ = app.admin().get("/users/ada").await.expect(404);
    // The person comes again, as somebody new. The key does not.
    let _ = ada.get("/me").await.expect(200);
    assert_eq!(answers(&key).await, [401; 5]);
}

/// An environment that has seen the maker just now must not let their key enter them again.
#[tokio::test]
async fn a_key_enters_nobody_again() {
    let app = TestApp::new().await;
    let ada = as_admin(&app, "ada");
    let key = ada.new_api_key(&ALL).await;
    let there = app.twin(Setup::default()).with_key(&key);
    let _ = there.get("/me").await.expect(200);
    refuse_next_query(&app);
    let _ = app.admin().delete("/users/ada").await.expect(204);
    let _ = there.get("/me").await.expect(401);
    let _ = there.post("/sessions", json!({})).await.expect(401);
    let _ = app.admin().get("/users/ada").await.expect(404);
}

#[tokio::test]
async fn the_keys_of_a_deleted_person_are_revoked_and_on_record() {
    let app = TestApp::new().await;
    let (ada, admin) = (as_admin(&app, "ada"), app.admin());
    for _ in 0..3 {
        let _ = ada.new_api_key(&["audit:read"]).await;
    }
    let _ = admin.new_api_key(&["audit:read"]).await;
    let revoked = admin.get("/api-keys").await.expect(200).json[0]["id"].as_str().unwrap().to_owned();
    let _ = admin.delete(&format!("/api-keys/{revoked}")).await.expect(204);
    app.advance_seconds(60);
    refuse_next_query(&app);
    let _ = app.admin().delete("/users/ada").await.expect(204);
    let live = async || -> Vec<bool> {
        let keys = app.admin().get("/api-keys").await.expect(200).json;
        keys.as_array().unwrap().iter().map(|key| key["isRevoked"] == false).collect()
    };
    assert_eq!(live().await, [false, true, true, true]);
    // Somebody comes with the same id before the sweeper does, and makes a key of their own.
    let _ = as_admin(&app, "ada").new_api_key(&["audit:read"]).await;
    let _ = app.sweep().await;
    assert_eq!(live().await, [false, false, false, true, true]);
    let rows = app.db_audit().await;
    let kinds: Vec<Value> = rows
        .iter()
        .filter(|row| row.event_type == model::audit::AuditEvent::ApiKeyRevoke)
        .map(|row| serde_json::to_value(row.actor_type).unwrap())
        .collect();
    assert_eq!(kinds, ["USER", "SYSTEM", "SYSTEM"]);
    // Deactivation revokes none: the person may come back.
    let _ = as_admin(&app, "joan").new_api_key(&["audit:read"]).await;
    set_active(&app, "joan", false).await;
    assert_eq!(live().await, [false, false, false, true, true, true]);
}

#[tokio::test]
async fn who_makes_a_key_is_entered_in_the_directory() {
    let app = TestApp::new().await;
    let ada = as_admin(&app, "ada");
    let _ = app.admin().get("/users/ada").await.expect(404);
    let _ = ada.new_api_key(&["audit:read"]).await;
    let _ = app.admin().get("/users/ada").await.expect(200);
}
