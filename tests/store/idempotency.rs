//! Requests with an `Idempotency-Key`: they are carried out once a day, also when they come at once.

use model::id::RoleId;
use model::idempotency::IdempotencyKey;
use model::principal::Actor;
use model::refusal::Refusal;
use serde_json::json;
use std::future::Future;
use store::StoreError;
use support::{ORG, TestApp, actor};

use crate::fixture::{read, refusal};
use crate::interleavings::between;

const DAY_SECONDS: i64 = 24 * 3600;

/// Creates a role with the key `k`.
fn create(
    app: &TestApp,
    fingerprint: &str,
    name: &str,
) -> impl Future<Output = Result<RoleId, StoreError>> + Send + 'static {
    let once = IdempotencyKey { key: "k".into(), fingerprint: fingerprint.into() };
    let (actor, draft) = (Actor { idempotency: Some(once), ..actor(ORG) }, read(json!({"name": name})));
    let (db, now) = (app.db.clone(), app.now());
    async move { db.create_role(&actor, &draft, now).await.map(|role| role.id) }
}

#[tokio::test]
async fn a_repetition_has_the_first_result_for_a_day() {
    let app = TestApp::new().await;
    let first = create(&app, "f", "Engineers").await.unwrap();
    let before = app.db_table().await;
    app.advance_seconds(DAY_SECONDS - 1);
    assert_eq!(create(&app, "f", "Engineers").await.unwrap(), first);
    assert_eq!(refusal(create(&app, "g", "Others").await), Refusal::IdempotencyKeyReused);
    assert_eq!(app.db_table().await, before);
    app.advance_seconds(1);
    let next = create(&app, "g", "Others").await.unwrap();
    assert_ne!(next, first);
    assert_eq!(create(&app, "g", "Others").await.unwrap(), next);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_request_at_once_has_the_result_of_the_first() {
    let app = TestApp::new().await;
    let mut first = None;
    let second = between(&app, create(&app, "f", "Engineers"), async {
        first = Some(create(&app, "f", "Engineers").await.unwrap());
    });
    assert_eq!(Some(second.await.unwrap()), first);
    assert_eq!(app.admin().get("/roles").await.expect(200).json.as_array().unwrap().len(), 1);
}
