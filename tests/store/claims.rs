//! Sessions with more rows than one transaction takes: all of their claims come, late rather than never.

use serde_json::json;
use store::StoreError;
use support::sessions::{entered, start};
use support::{ORG, TestApp, org};

use crate::fixture::{active_resource, copies};

const ROWS: usize = 120;
/// Two for the blocks, one for the session.
const WRITES_BEFORE_CLAIMS: usize = 3;

/// The next claims of a block, after so many transactions, find it changed.
fn change_block(app: &TestApp, skip: usize) {
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    let reasons = [json!({"Code": "ConditionalCheckFailed"}), json!({"Code": "None"})];
    app.proxy.fail_after(
        "TransactWriteItems",
        skip,
        400,
        &json!({"__type": kind, "CancellationReasons": reasons}),
    );
}

/// How many rows the ledger knows.
async fn claims(app: &TestApp) -> usize {
    let table = app.db_table().await;
    let rules = table.values().filter(|item| item["entity"] == "RULE");
    rules.map(|rule| rule["holders"].as_array().map_or(0, Vec::len)).sum()
}

#[tokio::test]
async fn claims_of_a_block_that_changed_are_written_down_later() {
    let app = TestApp::new().await;
    let credential = app.admin().new_credential("AWS").await;
    let first = active_resource(&app, &credential).await;
    let mut ids = copies(&app, first, ROWS - 1).await;
    ids.push(first);
    let user = entered(&app.db, ORG, "holder", app.now()).await;
    change_block(&app, WRITES_BEFORE_CLAIMS);
    let session = start(&app.db, &user, json!({"resourceIds": ids}), app.now()).await.unwrap();
    assert_eq!(session.rows.len(), ROWS, "it is there all the same");
    assert!(claims(&app).await < ROWS);
    change_block(&app, 0);
    let early = app.db.process_due_rows(&org(ORG), session.head.id, app.now()).await;
    assert!(matches!(early, Err(StoreError::Busy(_))), "{early:?}");
    assert!(claims(&app).await < ROWS);
    app.db.process_due_rows(&org(ORG), session.head.id, app.now()).await.unwrap();
    assert_eq!(claims(&app).await, ROWS);
}
