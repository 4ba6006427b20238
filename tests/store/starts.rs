//! Starts of sessions, stopped between what they read and what they write.

use model::id::ResourceId;
use model::precondition::Precondition;
use model::refusal::Refusal;
use model::session::Session;
use serde_json::json;
use std::future::Future;
use store::StoreError;
use support::sessions::{entered, start};
use support::{Client, ORG, TestApp, actor, resource_body};

use crate::fixture::{active_resource, read, refusal, resource_id};
use crate::interleavings::between;

/// A resource, and somebody who may open it.
struct Ready {
    app: TestApp,
    admin: Client,
    resource: ResourceId,
    path: String,
}

impl Ready {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin();
        let resource = active_resource(&app, &admin.new_credential("AWS").await).await;
        Self { app, admin, resource, path: format!("/resources/{resource}") }
    }

    /// Starts a session, and lets something happen before it is written.
    async fn start_while(&self, meanwhile: impl Future<Output = ()>) -> Result<Session, StoreError> {
        let user = entered(&self.app.db, ORG, "grace", self.app.now()).await;
        let (db, now, body) = (self.app.db.clone(), self.app.now(), json!({"resourceIds": [self.resource]}));
        between(&self.app, async move { start(&db, &user, body, now).await }, meanwhile).await
    }
}

#[tokio::test]
async fn a_person_deactivated_or_deleted_before_the_write_starts_nothing() {
    for is_deleted in [false, true] {
        let ready = Ready::new().await;
        let (app, admin) = (&ready.app, &ready.admin);
        let outcome = ready.start_while(async {
            if is_deleted {
                let _ = admin.delete("/users/grace").await.expect(204);
            } else {
                let _ = admin.patch("/users/grace", json!({"isActive": false})).await.expect(200);
            }
        });
        let expected = if is_deleted { Refusal::UserDeleted } else { Refusal::UserInactive };
        assert_eq!(refusal(outcome.await), expected);
        let table = app.db_table().await;
        let left = |entity: &str| table.values().filter(|item| item["entity"] == entity).count();
        assert_eq!((left("SESSION"), left("RULE")), (0, 0));
        // Nothing holds the resource.
        let _ = admin.delete(&ready.path).await.expect(204);
    }
}

#[tokio::test]
async fn a_resource_that_changes_before_the_write_is_opened_as_it_is_then() {
    let ready = Ready::new().await;
    let started = ready.start_while(async {
        let body = json!({"config": {"protocol": "tcp", "port": 2222}});
        let _ = ready.admin.patch(&ready.path, body).await.expect(200);
    });
    let session = started.await.unwrap();
    let claims = session.rows.iter().flat_map(|row| &row.claims);
    assert_eq!(claims.map(|claim| claim.opening.ports).collect::<Vec<_>>(), [Some((2222, 2222))]);
}

#[tokio::test]
async fn a_resource_that_is_switched_off_or_drained_before_the_write_is_not_opened() {
    for is_drained in [false, true] {
        let ready = Ready::new().await;
        // Somebody else's session, for whose end a deletion waits.
        let _ = ready.app.db_hold(ready.resource).await.unwrap();
        let started = ready.start_while(async {
            if is_drained {
                let _ = ready.admin.delete(&format!("{}?drain=true", ready.path)).await.expect(202);
            } else {
                let _ = ready.admin.patch(&ready.path, json!({"isActive": false})).await.expect(200);
            }
        });
        let refused = started.await.unwrap_err();
        assert!(matches!(refused, StoreError::Refused(_)), "{refused:?}");
    }
}

/// A resource of so many rules that two of them need two blocks of rows.
async fn large_resource(ready: &Ready, number: usize) -> ResourceId {
    let mut body = resource_body(&ready.admin.new_credential("AWS").await);
    body["resourceIdentifier"] = json!(format!("sg-{number:08x}"));
    body["config"] = json!({"protocol": "tcp", "ports": (1..=58).collect::<Vec<_>>()});
    let id = resource_id(&ready.admin.post("/resources", body).await.expect(201).id());
    let (app, patch) = (&ready.app, read::<model::resource::ResourcePatch>(json!({"isActive": true})));
    app.db.update_resource(&actor(ORG), id, &patch.into(), &Precondition::None, app.now()).await.unwrap();
    id
}

/// Two transactions reserve the rows; the third one writes the session.
#[tokio::test]
async fn a_large_session_opens_nothing_that_was_closed_after_its_rows_were_reserved() {
    for is_drained in [false, true] {
        let ready = Ready::new().await;
        let (app, admin) = (&ready.app, &ready.admin);
        let resources = [large_resource(&ready, 1).await, large_resource(&ready, 2).await];
        let user = entered(&app.db, ORG, "grace", app.now()).await;
        let (db, now, body) = (app.db.clone(), app.now(), json!({"resourceIds": resources}));
        for _ in 0..2 {
            drop(app.proxy.stop_next("TransactWriteItems"));
        }
        let started = between(app, async move { start(&db, &user, body, now).await }, async {
            let path = format!("/resources/{}", resources[0]);
            if is_drained {
                let _ = admin.delete(&format!("{path}?drain=true")).await.expect(202);
            } else {
                let _ = admin.patch(&path, json!({"isActive": false})).await.expect(200);
            }
        });
        assert_eq!(refusal(started.await), Refusal::ResourceNotOpenable(resources[0]));
        let table = app.db_table().await;
        let left = |entity: &str| table.values().filter(|item| item["entity"] == entity).count();
        // The reserved rows are released, and a drained resource can go.
        assert_eq!((left("SESSION"), left("SESSION_ROWS"), left("RULE")), (0, 0, 0));
        if is_drained {
            app.advance_seconds(31);
            app.sweep().await;
            let _ = admin.get(&format!("/resources/{}", resources[0])).await.expect(404);
        }
    }
}

#[tokio::test]
async fn a_large_session_starts_past_earlier_closings() {
    let ready = Ready::new().await;
    let resources = [large_resource(&ready, 1).await, large_resource(&ready, 2).await];
    let _ = ready.admin.patch(&ready.path, json!({"isActive": false})).await.expect(200);
    let user = entered(&ready.app.db, ORG, "grace", ready.app.now()).await;
    let body = json!({"resourceIds": resources});
    let session = start(&ready.app.db, &user, body, ready.app.now()).await.unwrap();
    assert_eq!(session.rows.len(), 2);
}
