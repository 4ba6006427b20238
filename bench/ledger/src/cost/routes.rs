//! What a request to each route costs, about small objects in a small organization.

use local::template::{Route, Template};
use model::rate::RateLimit;
use serde_json::{Value, json};
use support::objects::{body, objects, open_the_sky};
use support::{Client, ORG, Reply, Setup, TestApp};

use super::Row;
use crate::measure::{Cost, metered};
use crate::place::Place;

/// What ends the names of rows for the same request with a key.
const WITH_KEY: &str = ", more with an `Idempotency-Key`";

/// A row for the first route of every function, and rows for what costs something else.
pub(super) async fn rows() -> Vec<Row> {
    let template = Template::built_in().expect("the template");
    let (mut rows, mut keyed) = (Vec::new(), Vec::new());
    for (name, _) in functions::all() {
        let function =
            template.functions.iter().find(|function| function.binary() == name).expect("a function");
        let (method, path) = match function.routes.first().expect("a route") {
            Route::Exact { method, path } => (method.as_str(), path.as_str()),
            Route::Default => ("GET", "/api/v1/nothing"),
        };
        let what = format!("{method} {}", path.trim_start_matches("/api/v1"));
        let measured = match name {
            "me-get" => me(name, &what).await,
            "session-start" => start(name, &what).await,
            _ => route(name, (method, path), &what).await,
        };
        let (with_key, without): (Vec<Row>, Vec<Row>) =
            measured.into_iter().partition(|row| row.what.ends_with(WITH_KEY));
        rows.extend(without);
        keyed.extend(with_key);
    }
    rows.extend(alike(keyed));
    rows.extend(rate_limit().await);
    rows
}

/// One row for those that cost the same.
fn alike(rows: Vec<Row>) -> Vec<Row> {
    match rows.first() {
        Some(first) if rows.iter().all(|row| row.cost == first.cost) => {
            vec![Row::part(first.function, &format!("any change by `POST`{WITH_KEY}"), first.cost)]
        }
        _ => rows,
    }
}

async fn send(caller: &Client, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let media_type = body.map(|_| "application/json");
    let text = body.map(Value::to_string).unwrap_or_default();
    caller.send(method, path, media_type, text.into_bytes()).await
}

async fn route(name: &'static str, (method, path): (&str, &str), what: &str) -> Vec<Row> {
    let cost = once((method, path), false).await;
    let mut rows = vec![Row::new(name, what, cost)];
    if method == "POST" && cost.writes > 0.0 {
        let more = once((method, path), true).await.further(cost, 1);
        rows.push(Row::part(name, &format!("{what}{WITH_KEY}"), more));
    }
    rows
}

/// One request of an administrator about objects of its own.
async fn once((method, path): (&str, &str), has_key: bool) -> Cost {
    let app = TestApp::new().await;
    open_the_sky(&app);
    let mut admin = app.admin();
    let _ = admin.get("/me").await.expect(200);
    let objects = objects(&app, &admin, method, path).await;
    if path.ends_with("/resolve") {
        app.sky.remove_group(&objects.group());
    }
    let body = body(&admin, method, path, 0).await;
    if has_key {
        admin = admin.with_header("idempotency-key", "measured");
    }
    let (reply, cost) = metered(&app, send(&admin, method, &objects.path(path), body.as_ref())).await;
    let is_wanted = reply.status.is_success() || path == "/api/v1/nothing";
    assert!(is_wanted, "cost/routes.rs: {method} {path} needs another body or object: {}", reply.text);
    cost
}

/// `GET /me` of somebody with one resource.
async fn me(name: &'static str, what: &str) -> Vec<Row> {
    let place = Place::new(TestApp::new().await).await;
    let resource = place.resource(1).await;
    let person = place.person("grace", &[resource]).await;
    let (_, cost) = metered(&place.app, person.get("/me")).await;
    let newcomer = place.app.bearer(&place.app.token("newcomer", ORG, &[]));
    let (_, first) = metered(&place.app, newcomer.get("/me")).await;
    vec![
        Row::new(name, what, cost),
        Row::new(name, &format!("{what}, the first time, with nothing to open"), first),
    ]
}

/// `POST /sessions` of somebody with one resource and one address.
async fn start(name: &'static str, what: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for (number, key) in [None, Some("measured")].into_iter().enumerate() {
        let place = Place::new(TestApp::new().await).await;
        let resource = place.resource(1).await;
        let mut person = place.person("grace", &[resource]).await;
        if let Some(key) = key {
            person = person.with_header("idempotency-key", key);
        }
        let (reply, cost) = metered(&place.app, person.post("/sessions", json!({}))).await;
        assert_eq!(reply.status.as_u16(), 201, "{}", reply.text);
        match rows.first().map(|row: &Row| row.cost) {
            None => rows.push(Row::new(name, what, cost)),
            Some(first) => {
                let more = cost.further(first, number);
                rows.push(Row::part(name, &format!("{what}{WITH_KEY}"), more));
            }
        }
    }
    rows
}

/// What comes to every request by the limit of callers: it stands with the function that it was measured at.
async fn rate_limit() -> Vec<Row> {
    let name = "resource-get";
    let setup = Setup { rate: Some(RateLimit::default()), ..Setup::default() };
    let place = Place::new(TestApp::with_setup(setup).await).await;
    let resource = place.resource(1).await;
    let path = format!("/resources/{resource}");
    let plain = once(("GET", "/api/v1/resources/{id}"), false).await;
    // Nobody has called for so long that the bucket is full and the tokens of the last time are given up.
    place.app.advance_seconds(600);
    let (_, alone) = metered(&place.app, place.admin.get(&path)).await;
    let requests = 60;
    let (_, many) = metered(&place.app, async {
        for _ in 0..requests {
            let _ = place.admin.get(&path).await.expect(200);
        }
    })
    .await;
    let each = many.further(Cost::default(), requests);
    vec![
        Row::part(
            name,
            "any request, more by the limit of callers: one that comes alone",
            alone.further(plain, 1),
        ),
        Row::part(name, "the same, a mean of 60 in a row", each.further(plain, 1)),
    ]
}
