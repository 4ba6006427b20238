//! Starts of sessions, stopped between what they read and what they write.

use model::id::ResourceId;
use model::refusal::Refusal;
use model::session::Session;
use serde_json::json;
use std::future::Future;
use store::StoreError;
use support::sessions::{entered, start};
use support::{Client, ORG, TestApp};

use crate::fixture::{active_resource, refusal};
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
async fn whoever_is_deactivated_or_deleted_before_the_write_starts_nothing() {
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
        assert_eq!(refusal(outcome.await), Refusal::UserInactive);
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
