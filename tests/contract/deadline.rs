//! Calls of AWS that nobody answers: every route answers before its function's time is over, in its own format.

use firewall::simulated::{Fault, Gate, Operation};
use serde_json::{Value, json};
use std::pin::Pin;
use std::time::Duration;
use support::ledger::{faults, unrest};
use support::objects::{body, objects};
use support::{ADMIN, Client, Hang, ORG, Reply, TestApp};
use web::access::Level;

use crate::access_matrix::levels;
use crate::repository::{assert_nothing_wrong, exact_routes, yaml};

/// What a request may last, and less than the function's timeout in the template.
const LONGEST: Duration = Duration::from_secs(8);

/// What the calls before the one that hangs may take, on a machine that has other things to do.
const SLACK: Duration = Duration::from_secs(3);

/// Timers are rounded up to a millisecond.
const TICK: Duration = Duration::from_millis(2);

/// A request to a route about objects of its own.
struct Attempt {
    admin: Client,
    method: String,
    path: String,
    body: Option<Value>,
}

impl Attempt {
    async fn new(app: &TestApp, (method, route): &(String, String), number: usize) -> Self {
        let admin = app.admin();
        let objects = objects(app, &admin, method, route).await;
        let body = body(&admin, method, route, number).await;
        let admin = match method.as_str() {
            "POST" => admin.with_header("idempotency-key", &format!("late-{number}")),
            _ => admin,
        };
        Self { admin, method: method.clone(), path: objects.path(route), body }
    }

    async fn send(&self) -> Reply {
        let kind = self.body.as_ref().map(|_| "application/json");
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        self.admin.send(&self.method, &self.path, kind, body.into_bytes()).await
    }

    /// The same, of which a call hangs.
    async fn send_late(&self, app: &TestApp, skip: usize, place: Hang) -> Reply {
        let hangs = app.proxy.hang_after(skip, place);
        let sending = self.send();
        tokio::pin!(sending);
        tokio::select! {
            biased;
            _ = hangs => {}
            reply = &mut sending => panic!("call {skip} did not come: {reply:?}"),
        }
        tokio::time::pause();
        tokio::time::advance(LONGEST - SLACK).await;
        let early = at_once(sending.as_mut()).await;
        assert!(early.is_none(), "it had some time left: {early:?}");
        tokio::time::advance(SLACK + TICK).await;
        let reply = at_once(sending).await.expect("its time is over");
        tokio::time::resume();
        reply
    }
}

/// What something has come to without waiting for anybody.
async fn at_once<T>(mut running: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    for _ in 0..10 {
        tokio::select! {
            biased;
            done = &mut running => return Some(done),
            () = tokio::task::yield_now() => {}
        }
    }
    None
}

fn is_busy(reply: &Reply) -> bool {
    reply.status == 503
        && reply.header("retry-after") == Some("1")
        && reply.text.contains("The service is busy")
}

/// What a route answers when a call hangs, and when the same request comes again.
async fn fault_of(app: &TestApp, route: &(String, String), number: usize) -> Option<String> {
    let twin = Attempt::new(app, route, number * 10).await;
    app.proxy.take_calls();
    let usual = twin.send().await.status;
    let calls = app.proxy.take_calls();
    let last = calls.len().checked_sub(1)?;
    for (case, (skip, place)) in
        [(0, Hang::Before), (last, Hang::Before), (last, Hang::After)].into_iter().enumerate()
    {
        let attempt = Attempt::new(app, route, number * 10 + case + 1).await;
        let told = format!("{} {}, call {skip} of {calls:?} {place:?}", route.0, route.1);
        let late = attempt.send_late(app, skip, place).await;
        if !is_busy(&late) {
            return Some(format!("{told}: {} {}", late.status, late.text));
        }
        let again = attempt.send().await.status;
        // What is repeated without a key finds what it has done.
        let has_key_or_reads = ["GET", "POST"].contains(&route.0.as_str());
        let is_done = skip == last && !has_key_or_reads && [400, 404].contains(&again.as_u16());
        if again != usual && !is_done {
            return Some(format!("{told}: again {again} and not {usual}"));
        }
    }
    None
}

#[tokio::test]
async fn a_call_that_hangs_is_answered_for_in_time_by_every_route() {
    let app = TestApp::new().await;
    let (levels, mut wrong) = (levels(), Vec::new());
    // This environment has seen the administrator: every request of theirs makes the same calls.
    let _ = app.admin().get("/me").await.expect(200);
    for (number, route) in exact_routes().iter().enumerate() {
        if levels[&format!("{} {}", route.0, route.1)] != Level::Anyone {
            wrong.extend(fault_of(&app, route, number).await);
        }
    }
    assert_nothing_wrong(&wrong);
    assert_eq!(faults(&app).await, Vec::<String>::new());
    // What was given up is finished by others, and nothing stays open.
    for _ in 0..3 {
        app.sweep().await;
        // Rules that somebody has said to be gone are found again.
        app.reconcile().await;
        app.advance_seconds(24 * 3600);
    }
    assert_eq!(unrest(&app).await, Vec::<String>::new());
}

/// A refusal stays a refusal, however long its record takes.
#[tokio::test]
async fn a_refusal_whose_record_hangs_stays_a_refusal() {
    let app = TestApp::new().await;
    let denied = Attempt {
        admin: app.member(),
        method: "POST".into(),
        path: "/api/v1/roles".into(),
        body: Some(json!({"name": "Mine"})),
    };
    let _ = denied.send().await.expect(403);
    app.proxy.take_calls();
    let _ = denied.send().await.expect(403);
    let last = app.proxy.take_calls().len() - 1;
    for place in [Hang::Before, Hang::After] {
        let _ = denied.send_late(&app, last, place).await.expect(403);
    }
    for skip in 0..last {
        assert!(is_busy(&denied.send_late(&app, skip, Hang::Before).await), "call {skip}");
    }
    assert!(app.admin().get("/roles").await.expect(200).json.as_array().unwrap().is_empty());
}

/// A start with several blocks of rows, given up after each of its calls: a session is there with all its rows, or there is none, and
/// nobody was told that it has begun.
#[tokio::test]
async fn a_start_that_is_given_up_leaves_a_whole_session_or_none() {
    let app = TestApp::new().await;
    let (mut skip, mut is_whole) = (0, false);
    while !is_whole {
        let admin = app.admin();
        let mut objects = support::objects::Objects::new(&app, &admin, "Late").await;
        objects.begin_session(&admin).await;
        let start = Attempt {
            admin: admin.with_header("idempotency-key", &format!("start-{skip}")),
            method: "POST".into(),
            path: "/api/v1/sessions".into(),
            body: Some(json!({"resourceIds": [objects.resource()], "durationMinutes": 5})),
        };
        app.proxy.take_calls();
        let _ = start.send().await.expect(201);
        is_whole = skip + 1 >= app.proxy.take_calls().len();
        let again = Attempt { admin: admin.with_header("idempotency-key", &format!("late-{skip}")), ..start };
        assert!(is_busy(&again.send_late(&app, skip, Hang::After).await), "call {skip}");
        let session = again.send().await.expect(201).json;
        assert_eq!(session["userId"].as_str().unwrap_or(ADMIN), ADMIN);
        skip += 1;
    }
    app.advance_seconds(600);
    for _ in 0..3 {
        app.sweep().await;
        app.advance_seconds(61);
    }
    assert_eq!(faults(&app).await, Vec::<String>::new());
    assert_eq!(unrest(&app).await, Vec::<String>::new(), "{ORG}");
}

/// A provider that gives no answer to a verification: nothing is known of the resource then.
#[tokio::test]
async fn a_verification_whose_provider_hangs_changes_nothing() {
    let app = TestApp::new().await;
    let route = (String::from("POST"), String::from("/api/v1/resources/{id}/verify"));
    let attempt = Attempt::new(&app, &route, 1).await;
    let before = app.db_objects().await;
    let gate = Gate::default();
    app.cloud.fault_next_of(Operation::Describe, Fault::Delay(gate.clone()));
    let sending = attempt.send();
    tokio::pin!(sending);
    tokio::select! {
        () = gate.reached() => {}
        reply = &mut sending => panic!("{reply:?}"),
    }
    tokio::time::pause();
    tokio::time::advance(LONGEST + TICK).await;
    let reply = at_once(sending).await.expect("its time is over");
    tokio::time::resume();
    assert!(is_busy(&reply), "{reply:?}");
    assert_eq!(app.db_objects().await, before);
}

#[test]
fn the_deadline_is_below_the_timeout_of_every_function_with_callers() {
    let template = yaml("template.yaml");
    let timeout = template["Globals"]["Function"]["Timeout"].as_u64().unwrap();
    assert!(LONGEST + Duration::from_secs(2) <= Duration::from_secs(timeout));
    for function in crate::repository::template().functions.iter().filter(|of| !of.routes.is_empty()) {
        let own = &template["Resources"][function.logical_id.as_str()]["Properties"];
        assert!(own.get("Timeout").is_none(), "{}", function.logical_id);
    }
}
