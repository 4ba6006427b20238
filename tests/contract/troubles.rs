//! Every route under every trouble: whatever happens to one of its calls to AWS, the answer is right or says that it is to be
//! tried again, what is in the table is right, and the same request ends right when it comes again.

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use model::rate::RateLimit;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::ledger::{faults, unrest};
use support::{Client, ORG, Reply, Setup, TestApp, Trouble};

use crate::repository::{assert_nothing_wrong, exact_routes};
use support::objects::{Objects, body, objects};

/// Routes that are looked at side by side: a call that is repeated spends its time waiting.
const AT_ONCE: usize = 8;

/// More calls than anybody repeats one.
const LASTING: usize = 100;

/// A request to a route, about objects of its own.
struct Attempt<'a> {
    app: &'a TestApp,
    admin: Client,
    method: &'a str,
    path: String,
    body: Option<Value>,
}

/// Items of the table by kind.
type Counts = BTreeMap<String, i64>;

/// What a request should do.
struct Expected {
    status: u16,
    calls: Vec<String>,
    /// How many items of each kind come or go.
    change: Counts,
}

/// Without the number of closings, which is made when an organization first closes something.
async fn counts(app: &TestApp) -> Counts {
    let mut counts = Counts::new();
    for item in app.db_table().await.into_values().filter(|item| item["entity"] != "CLOSINGS") {
        *counts.entry(item["entity"].as_str().unwrap().into()).or_default() += 1;
    }
    counts
}

fn change(before: &Counts, after: &Counts) -> Counts {
    let mut change = after.clone();
    for (kind, count) in before {
        *change.entry(kind.clone()).or_default() -= count;
    }
    change.retain(|_, count| *count != 0);
    change
}

impl<'a> Attempt<'a> {
    /// A request that nobody has sent. `number` makes what must be unique so.
    async fn new(app: &'a TestApp, (method, route): (&'a str, &str), number: usize) -> Self {
        let mut admin = app.admin();
        let objects: Objects = objects(app, &admin, method, route).await;
        if route == "/api/v1/me" {
            // Who comes for the first time is entered.
            admin = app.bearer(&app.token(&format!("{number}-newcomer"), ORG, &[]));
        }
        if route.ends_with("/resolve") {
            app.cloud.remove_group(&objects.group());
        }
        let body = match (method, route) {
            ("POST", "/api/v1/sessions") => Some(json!({"resourceIds": [objects.resource()]})),
            _ => body(&admin, method, route, number).await,
        };
        let admin = admin.with_header("idempotency-key", &format!("attempt-{number}"));
        Self { app, admin, method, path: objects.path(route), body }
    }

    async fn send(&self) -> Reply {
        let text = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        let media_type = self.body.as_ref().map(|_| "application/json");
        self.admin.send(self.method, &self.path, media_type, text.into_bytes()).await
    }

    /// What it does when nothing goes wrong.
    async fn undisturbed(&self) -> Expected {
        let before = counts(self.app).await;
        self.app.proxy.take_calls();
        let reply = self.send().await;
        let calls = self.app.proxy.take_calls();
        let status = reply.status.as_u16();
        assert!(reply.status.is_success(), "{} {}: {}", self.method, self.path, reply.text);
        Expected { status, calls, change: change(&before, &counts(self.app).await) }
    }

    /// The same with trouble at one of its calls, and once more where it was told to come again: what is wrong.
    async fn disturbed(
        &self,
        expected: &Expected,
        call: usize,
        (trouble, times): (Trouble, usize),
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        let before = counts(self.app).await;
        self.app.proxy.trouble_after(call, trouble, times);
        let reply = self.send().await;
        self.app.proxy.no_more_trouble();
        let may_give_up = times == LASTING;
        if reply.status.as_u16() == 503 && may_give_up {
            if reply.header("retry-after").is_none() || reply.text.contains("trouble of the test") {
                wrong.push(format!("is told {reply:?}"));
            }
            wrong.extend(faults(self.app).await);
            let again = self.send().await;
            // It was deleted, and nobody had been told.
            let is_gone = self.method == "DELETE" && again.status.as_u16() == 404;
            if again.status.as_u16() != expected.status && !is_gone {
                wrong.push(format!("sent again: {} {}", again.status, again.text));
            }
        } else if reply.status.as_u16() != expected.status {
            wrong.push(format!("{} {}", reply.status, reply.text));
        }
        wrong.extend(faults(self.app).await);
        let mut found = change(&before, &counts(self.app).await);
        if found != expected.change {
            // What follows a change may be left to the sweeper.
            self.app.advance_seconds(61);
            let _ = self.app.sweep().await;
            found = change(&before, &counts(self.app).await);
        }
        // A secret that is set again is a change of its own, and on record.
        if self.method == "PUT" && found.get("AUDIT") == Some(&2) && may_give_up {
            found.insert("AUDIT".into(), 1);
        }
        if found != expected.change {
            wrong.push(format!("changed {found:?} and not {:?}", expected.change));
        }
        wrong
    }
}

/// Some troubles at one of the calls of a route.
async fn at_call(
    (method, route, call): (&str, &str, usize),
    troubles: &[Trouble],
    times: usize,
) -> Vec<String> {
    let app = TestApp::new().await;
    let expected = Attempt::new(&app, (method, route), 0).await.undisturbed().await;
    let Some(operation) = expected.calls.get(call) else {
        return vec![format!("there is no call {call} of {:?}", expected.calls)];
    };
    let mut wrong = Vec::new();
    let troubles = troubles.iter().filter(|trouble| trouble.is_met_by(operation));
    for (number, trouble) in troubles.enumerate() {
        let attempt = Attempt::new(&app, (method, route), number + 1).await;
        let found = attempt.disturbed(&expected, call, (*trouble, times)).await;
        let place = format!("{method} {route}, {trouble:?} {times} times at call {call}, {operation}");
        wrong.extend(found.into_iter().map(|fault| format!("{place}: {fault}")));
    }
    app.advance_seconds(61);
    let _ = app.sweep().await;
    wrong.extend(unrest(&app).await.into_iter().map(|fault| format!("{method} {route}, at rest: {fault}")));
    wrong
}

/// Some troubles at every call of every route.
async fn everywhere(troubles: &'static [Trouble], times: usize) {
    let mut places = Vec::new();
    for (method, route) in exact_routes() {
        let app = TestApp::new().await;
        let calls = Attempt::new(&app, (&method, &route), 0).await.undisturbed().await.calls;
        places.extend((0..calls.len()).map(|call| (method.clone(), route.clone(), call)));
    }
    assert!(places.len() > 100, "{} calls", places.len());
    println!("{} calls of {} routes", places.len(), exact_routes().len());
    let looks = iter(places).map(|(method, route, call)| {
        tokio::spawn(async move { at_call((&method, &route, call), troubles, times).await })
    });
    let wrong: Vec<_> = looks.buffer_unordered(AT_ONCE).map(Result::unwrap).collect().await;
    assert_nothing_wrong(&wrong.concat());
}

/// The one trouble that leaves something behind of which nobody was told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_lost_at_any_call_of_any_route_goes_unnoticed() {
    everywhere(&[Trouble::ResetAfter], 1).await;
}

#[cfg(feature = "large")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passing_trouble_at_any_call_of_any_route_goes_unnoticed() {
    everywhere(&Trouble::ALL, 1).await;
}

#[cfg(feature = "large")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lasting_trouble_at_any_call_of_any_route_is_told_and_leaves_nothing_half_done() {
    everywhere(&Trouble::ALL, LASTING).await;
}

/// Callers who cost calls of their own: a request, and what it is answered when nothing goes wrong.
async fn knock(app: &TestApp, kind: usize, number: usize) -> Reply {
    let newcomer = app.bearer(&app.token(&format!("{kind}-{number}"), ORG, &[]));
    match kind {
        // The bucket of an address, of a person, of a key with the look at the key; a denied attempt, which is put on record.
        0 => app.anonymous().get("/resources").await,
        1 => newcomer.get("/sessions").await,
        2 => {
            let key = app.admin().new_api_key(&["resources:read"]).await;
            app.proxy.take_calls();
            app.caller(&[("x-api-key", &key)]).get("/resources").await
        }
        _ => newcomer.post("/roles", json!({"name": "Mine"})).await,
    }
}

/// The calls that come before the request, and those of the request itself.
async fn calls_of_knock(kind: usize, status: u16) -> (usize, usize) {
    let app = TestApp::with_setup(Setup { rate: Some(RateLimit::default()), ..Setup::default() }).await;
    let _ = knock(&app, kind, 0).await.expect(status);
    let (own, all) = (app.proxy.take_calls(), app.proxy.calls());
    println!("{status}: {own:?}");
    assert!(!own.is_empty());
    (all - own.len(), own.len())
}

/// The way in, under every trouble at each of its calls: nobody gets further, and nobody gets a 500.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_does_not_get_in_because_something_fails() {
    let mut trials = Vec::new();
    for (kind, status) in [401, 200, 200, 403].into_iter().enumerate() {
        let (before, calls) = calls_of_knock(kind, status).await;
        for trouble in Trouble::ALL {
            for times in [1, LASTING] {
                let at = (0..calls).map(|call| (before, call));
                trials.extend(at.map(|at| knock_in_trouble((kind, status), at, (trouble, times), calls)));
            }
        }
    }
    // Most of the time is pauses between attempts.
    iter(trials).for_each_concurrent(16, |trial| trial).await;
}

/// A knock with trouble at one of its calls, and one after it.
async fn knock_in_trouble(
    (kind, status): (usize, u16),
    (before, call): (usize, usize),
    (trouble, times): (Trouble, usize),
    calls: usize,
) {
    let app = TestApp::with_setup(Setup { rate: Some(RateLimit::default()), ..Setup::default() }).await;
    let place = format!("{kind}: {trouble:?} {times} times at call {call}");
    app.proxy.trouble_after(before + call, trouble, times);
    let reply = knock(&app, kind, call).await;
    app.proxy.no_more_trouble();
    let is_told = times == LASTING && reply.status.as_u16() == 503 && reply.header("retry-after").is_some();
    assert!(reply.status.as_u16() == status || is_told, "{place}: {reply:?}");
    assert_eq!(knock(&app, kind, calls + call).await.status.as_u16(), status, "{place}, again");
}
