//! What a request to each route costs, about small objects in a small organization.

use model::rate::RateLimit;
use support::{Setup, TestApp};

use super::Row;
use super::ready::{FIRST_TIME, Ready, route};
use crate::measure::{Cost, metered};
use crate::place::Place;

/// What ends the names of rows for the same request with a key.
const WITH_KEY: &str = ", more with an `Idempotency-Key`";

/// A row for the first route of every function, and rows for what costs something else.
pub(super) async fn rows() -> Vec<Row> {
    let (mut rows, mut keyed) = (Vec::new(), Vec::new());
    for (name, _) in functions::all() {
        let (method, path) = route(name);
        let what = format!("{method} {}", path.trim_start_matches("/api/v1"));
        let cost = once(name, &what).await;
        rows.push(Row::new(name, &what, cost));
        if method == "POST" && cost.writes > 0.0 {
            let with_key = Ready::of(name, &what).await.with_key();
            let (_, more) = metered(&with_key.app, with_key.send()).await;
            keyed.push(Row::part(name, &format!("{what}{WITH_KEY}"), more.further(cost, 1)));
        }
        if name == "me-get" {
            let what = what + FIRST_TIME;
            rows.push(Row::new(name, &what, once(name, &what).await));
        }
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

async fn once(name: &str, what: &str) -> Cost {
    let ready = Ready::of(name, what).await;
    metered(&ready.app, ready.send()).await.1
}

/// What comes to every request by the limit of callers: it stands with the function that it was measured at.
async fn rate_limit() -> Vec<Row> {
    let name = "resource-get";
    let setup = Setup { rate: Some(RateLimit::default()), ..Setup::default() };
    let place = Place::new(TestApp::with_setup(setup).await).await;
    let resource = place.resource(1).await;
    let path = format!("/resources/{resource}");
    let plain = once(name, "").await;
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
