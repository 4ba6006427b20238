//! Every route that changes something leaves exactly one row of the audit log, in the transaction of the change.

use serde_json::Value;
use support::{ADMIN, TestApp};

use crate::access_matrix::{body, open_the_sky, path};
use crate::repository::{assert_nothing_wrong, exact_routes};

/// The routes that change something.
fn changing_routes() -> Vec<(String, String)> {
    exact_routes().into_iter().filter(|(method, _)| method != "GET").collect()
}

/// What is wrong with the rows that a request left.
fn faults(left: &[Value], result: &str) -> Option<String> {
    let [row] = left else { return Some(format!("{} rows and not one: {left:?}", left.len())) };
    let row = &row["data"];
    let known = row["actorId"] == ADMIN && row["ipAddress"] == "203.0.113.7" && row["result"] == result;
    (!known).then(|| format!("actor, address or result are wrong in {row}"))
}

#[tokio::test]
async fn every_change_leaves_exactly_one_row() {
    let app = TestApp::new().await;
    open_the_sky(&app);
    let (admin, mut wrong) = (app.admin(), Vec::new());
    for (number, (method, route)) in changing_routes().into_iter().enumerate() {
        let path = path(&admin, &method, &route).await;
        let body = body(&admin, &method, &route, number).await.map(|body| body.to_string());
        let media_type = body.as_ref().map(|_| "application/json");
        let before = app.db_table().await;
        app.tap.take_calls();
        let reply = admin.send(&method, &path, media_type, body.unwrap_or_default().into_bytes()).await;
        assert!(reply.status.is_success(), "{method} {route}: {}", reply.text);
        let calls = app.tap.take_calls();
        let transactions = calls.iter().filter(|call| *call == "TransactWriteItems").count();
        if transactions != 1 {
            wrong.push(format!("{method} {route}: {transactions} transactions and not one"));
        }
        let after = app.db_table().await;
        let left = after.iter().filter(|(at, item)| item["entity"] == "AUDIT" && !before.contains_key(*at));
        let left: Vec<_> = left.map(|(_, item)| item.clone()).collect();
        wrong.extend(faults(&left, "SUCCESS").map(|fault| format!("{method} {route}: {fault}")));
    }
    assert_nothing_wrong(&wrong);
}
