//! The rate limit, on a clock of the test's own.

use auth::IssuedKey;
use local::template::{Route, Template};
use model::audit::AuditEvent;
use model::id::ApiKeyId;
use model::rate::RateLimit;
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::sync::Arc;
use support::{Client, NoNetwork, ORG, Setup, TestApp, jwt_settings, org};
use uuid::Uuid;
use web::access::Level;

use crate::expect;

async fn limited(per_minute: u32, burst: u32) -> TestApp {
    TestApp::with_setup(Setup { rate: RateLimit::new(per_minute, burst), ..Setup::default() }).await
}

/// How many of some requests pass. They ask for a path that does not exist: nothing but the limit asks the table.
async fn passing(caller: &Client, requests: usize) -> usize {
    let mut passing = 0;
    for _ in 0..requests {
        let status = caller.get("/nothing").await.status.as_u16();
        assert!(matches!(status, 404 | 429), "{status}");
        passing += usize::from(status == 404);
    }
    passing
}

/// Calls for tokens since the last look.
fn calls(app: &TestApp) -> usize {
    reads_and_calls(app).1
}

#[tokio::test]
async fn off_means_off() {
    let app = TestApp::new().await;
    app.proxy.take_bodies();
    assert_eq!(passing(&app.admin(), 300).await, 300);
    assert_eq!(calls(&app), 0);
}

#[tokio::test]
async fn by_default_a_hundred_may_come_at_once_and_ten_each_second() {
    let app = TestApp::with_setup(Setup { rate: Some(RateLimit::default()), ..Setup::default() }).await;
    let admin = app.admin();
    assert_eq!(passing(&admin, 300).await, 100);
    app.advance_seconds(1);
    assert_eq!(passing(&admin, 100).await, 10);
    app.advance_seconds(60);
    assert_eq!(passing(&admin, 300).await, 100);
}

#[tokio::test]
async fn a_request_above_the_limit_says_when_to_try_again_in_the_format_of_its_path() {
    let app = limited(6, 2).await;
    let admin = app.admin();
    assert_eq!(passing(&admin, 5).await, 2);
    let before = app.db_objects().await;
    let reply = admin.post("/roles", json!({"name": "Never"})).await;
    expect::reason(&reply, 429, "Too Many Requests", "Rate limit exceeded", "/roles");
    assert_eq!(reply.header("retry-after"), Some("10"));
    let reply = admin.get("/resources").await;
    expect::code(&reply, 429, "RATE_LIMIT_EXCEEDED", "Rate limit exceeded");
    let reply = admin.get("/credentials/").await;
    let detail = "Request was throttled. Expected available in 10 seconds.";
    expect::body(&reply, 429, json!({ "detail": detail }));
    assert_eq!(app.db_objects().await, before, "no handler runs");
    app.advance_seconds(9);
    assert_eq!(passing(&admin, 1).await, 0);
    app.advance_seconds(1);
    assert_eq!(passing(&admin, 2).await, 1);
}

#[tokio::test]
async fn every_caller_has_a_bucket_of_their_own() {
    let app = limited(6, 2).await;
    let admin = app.admin();
    let key = admin.new_api_key(&["resources:read"]).await;
    assert_eq!(passing(&admin, 5).await, 1);
    let by_key = app.caller(&[("x-api-key", &key)]);
    for status in [200, 200, 429] {
        let _ = by_key.get("/resources").await.expect(status);
    }
    let other = app.bearer(&app.token("other", ORG, &["ORG_ADMIN"]));
    assert_eq!(passing(&other, 5).await, 2);
    assert_eq!(passing(&app.other_admin(), 5).await, 2);
}

#[tokio::test]
async fn no_route_is_free_for_those_whom_nobody_knows() {
    let template = Template::built_in().unwrap();
    let levels = functions::all();
    for function in template.functions {
        let Some((_, endpoint)) = levels.iter().find(|(name, _)| *name == function.binary()) else {
            continue;
        };
        let app = limited(1, 1).await;
        let path = |path: &str| {
            path.replace("{id}", ADMIN_ID).replace("{resourceId}", ADMIN_ID).replace("{userId}", ADMIN_ID)
        };
        let (method, path) = match function.routes.first().and_then(Route::asked) {
            Some((method, found)) => (method, path(found)),
            None => ("PUT", "/api/v1/roles".into()),
        };
        let mut statuses = Vec::new();
        for _ in 0..2 {
            let reply = app.bearer("garbage").send(method, &path, None, Vec::new()).await;
            statuses.push(reply.status.as_u16());
        }
        let expected = if endpoint.level == Level::Anyone { [200, 200] } else { [401, 429] };
        assert_eq!(statuses, expected, "{method} {path}");
        // A known caller has a budget of their own, even when others at the same address have spent theirs.
        let _ = app.admin().get("/roles").await.expect(200);
    }
}

const ADMIN_ID: &str = "00000000-0000-0000-0000-000000000007";

#[tokio::test]
async fn a_member_who_may_not_learns_that_first_and_cannot_fill_the_record() {
    let app = limited(6, 3).await;
    let member = app.member();
    for _ in 0..10 {
        let _ = member.post("/roles", json!({"name": "Mine"})).await.expect(403);
    }
    let denied = app.db_audit().await.iter().filter(|row| row.event_type == AuditEvent::AccessDenied).count();
    assert_eq!(denied, 3);
}

#[tokio::test]
async fn a_table_out_of_reach_lets_nobody_through() {
    let app = limited(600, 100).await;
    let busy = json!({"__type": "ProvisionedThroughputExceededException", "message": "busy"});
    for _ in 0..10 {
        app.proxy.fail_next("UpdateItem", 400, &busy);
    }
    let _ = app.admin().get("/roles").await.expect(503);
    for _ in 0..10 {
        app.proxy.fail_next("UpdateItem", 400, &busy);
    }
    let _ = app.bearer("garbage").get("/roles").await.expect(401);
}

#[tokio::test]
async fn steady_traffic_costs_less_than_one_call_in_ten_requests() {
    let app = limited(600, 100).await;
    let mut admin = app.admin();
    app.proxy.take_bodies();
    let (mut requests, mut asked) = (0, 0);
    // Five requests a second, half of what is allowed, for ten minutes.
    for second in 0..600 {
        if second % 300 == 0 {
            admin = app.admin();
        }
        assert_eq!(passing(&admin, 5).await, 5);
        requests += 5;
        asked += calls(&app);
        app.advance_seconds(1);
    }
    println!("{asked} calls for {requests} requests");
    assert!(asked * 10 < requests, "{asked} calls for {requests} requests");
}

/// Two environments of a function share a budget through the table, whatever each of them holds.
#[tokio::test]
async fn two_environments_stay_within_five_percent_of_one_budget() {
    const PER_MINUTE: usize = 60;
    const STEP_SECONDS: i64 = 5;
    let setup = || Setup {
        rate: RateLimit::new(60, 10),
        jwt: jwt_settings(),
        fetch: Arc::new(NoNetwork),
        ..Setup::default()
    };
    let app = TestApp::with_setup(setup()).await;
    let twin = app.twin(setup());
    let (mut passed, mut tries) = (0, 0);
    let mut asked = 0;
    for step in 0..3600 / STEP_SECONDS {
        let (here, there) = (app.admin(), twin.client(&app.token(support::ADMIN, ORG, &["ORG_ADMIN"])));
        // Both ask for more than there is: two a second in the one, and in the other by fits and starts.
        let fits = if step % 5 == 0 { 40 } else { 0 };
        for (caller, requests) in [(&here, 10), (&there, fits)] {
            passed += passing(caller, requests).await;
            tries += requests;
        }
        asked += calls(&app);
        app.advance_seconds(STEP_SECONDS);
    }
    let budget = PER_MINUTE * 60;
    println!("{passed} of {tries} passed, the budget is {budget}, {asked} calls");
    assert!(passed * 100 >= budget * 95 && passed * 100 <= budget * 105, "{passed} of {budget}");
}

/// The text of a key in the right form that nobody ever made.
fn unknown_key(number: usize) -> String {
    let id = ApiKeyId::from(Uuid::from_u128(number as u128));
    IssuedKey::generate(&org(ORG), id).unwrap().text.expose_secret().to_owned()
}

/// Calls of two kinds since the last look: reads of an item, and calls for tokens.
fn reads_and_calls(app: &TestApp) -> (usize, usize) {
    let bodies = app.proxy.take_bodies();
    // A failed sign-in is counted besides, each by a call of its own.
    let is_count = |body: &serde_json::Value| body.to_string().contains("SIGN_INS");
    let of =
        |name: &str| bodies.iter().filter(|(target, body)| target.ends_with(name) && !is_count(body)).count();
    (of(".GetItem"), of(".UpdateItem"))
}

/// Sends requests with made-up keys, and counts those whose key is looked up.
async fn looked_up(requests: usize, caller: impl Fn(&str) -> Client) -> usize {
    let mut looked_up = 0;
    for number in 0..requests {
        let status = caller(&unknown_key(number)).get("/roles").await.status.as_u16();
        assert!(matches!(status, 401 | 429), "{status}");
        looked_up += usize::from(status == 401);
    }
    looked_up
}

#[tokio::test]
async fn a_flood_of_unknown_keys_reads_as_often_as_its_address_has_tokens() {
    let app = limited(60, 10).await;
    app.proxy.take_bodies();
    let from_here = |key: &str| app.caller(&[("x-api-key", key)]);
    assert_eq!(looked_up(100, from_here).await, 10);
    let (reads, calls) = reads_and_calls(&app);
    assert_eq!(reads, 10);
    assert!(calls <= 10, "{calls}");
    app.advance_seconds(5);
    assert_eq!(looked_up(100, from_here).await, 5);
    assert_eq!(reads_and_calls(&app).0, 5);
}

#[tokio::test]
async fn another_environment_reads_once_before_it_knows_that_the_address_has_no_tokens() {
    let setup = || Setup { rate: RateLimit::new(60, 10), ..Setup::default() };
    let app = TestApp::with_setup(setup()).await;
    let twin = app.twin(setup());
    assert_eq!(looked_up(20, |key| app.caller(&[("x-api-key", key)])).await, 10);
    app.proxy.take_bodies();
    assert_eq!(looked_up(20, |key| twin.with_key(key)).await, 0);
    assert_eq!(reads_and_calls(&app), (1, 1));
}

#[tokio::test]
async fn a_key_is_not_looked_up_for_an_address_over_its_limit_and_a_token_needs_no_look() {
    let app = limited(60, 10).await;
    let admin = app.admin();
    let key = admin.new_api_key(&["resources:read"]).await;
    let by_key = app.caller(&[("x-api-key", &key)]);
    app.proxy.take_bodies();
    let _ = by_key.get("/resources").await.expect(200);
    // The key, its maker, its first use and its own bucket: nothing of the address's.
    assert_eq!(reads_and_calls(&app), (2, 2));
    let strangers = passing_strangers(&app).await;
    assert_eq!(strangers, 10);
    app.proxy.take_bodies();
    let reply = by_key.get("/resources").await;
    expect::code(&reply, 429, "RATE_LIMIT_EXCEEDED", "Rate limit exceeded");
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(reads_and_calls(&app), (0, 0));
    let _ = admin.get("/roles").await.expect(200);
    app.advance_seconds(1);
    let _ = by_key.get("/resources").await.expect(200);
}

/// How many of some requests with a token that is none pass the limit of their address.
async fn passing_strangers(app: &TestApp) -> usize {
    let mut passing = 0;
    for _ in 0..20 {
        passing += usize::from(app.bearer("garbage").get("/roles").await.status.as_u16() == 401);
    }
    passing
}
