//! Starts of sessions, stopped between what they read and what they write.

use model::refusal::Refusal;
use serde_json::json;
use store::StoreError;
use support::sessions::{entered, start};
use support::{ORG, TestApp};

use crate::fixture::{active_resource, refusal};
use crate::interleavings::between;

#[tokio::test]
async fn whoever_is_deactivated_or_deleted_before_the_write_starts_nothing() {
    for is_deleted in [false, true] {
        let app = TestApp::new().await;
        let admin = app.admin();
        let credential = admin.new_credential("AWS").await;
        let resource = active_resource(&app, &credential).await;
        let user = entered(&app.db, ORG, "grace", app.now()).await;
        let (db, now) = (app.db.clone(), app.now());
        let starting = async move { start(&db, &user, json!({"resourceIds": [resource]}), now).await };
        let outcome = between(&app, starting, async {
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
        let _ = admin.delete(&format!("/resources/{resource}")).await.expect(204);
    }
}

#[tokio::test]
async fn a_resource_that_changes_before_the_write_is_opened_as_it_is_then() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let resource = active_resource(&app, &credential).await;
    let user = entered(&app.db, ORG, "grace", app.now()).await;
    let (db, now) = (app.db.clone(), app.now());
    let starting = async move { start(&db, &user, json!({"resourceIds": [resource]}), now).await };
    let started = between(&app, starting, async {
        let body = json!({"config": {"protocol": "tcp", "port": 2222}});
        let _ = admin.patch(&format!("/resources/{resource}"), body).await.expect(200);
    });
    let session = started.await.unwrap();
    let claims = session.rows.iter().flat_map(|row| &row.claims);
    assert_eq!(claims.map(|claim| claim.opening.ports).collect::<Vec<_>>(), [Some((2222, 2222))]);
}

#[tokio::test]
async fn a_resource_that_is_switched_off_or_drained_before_the_write_is_not_opened() {
    for is_drained in [false, true] {
        let app = TestApp::new().await;
        let admin = app.admin();
        let credential = admin.new_credential("AWS").await;
        let resource = active_resource(&app, &credential).await;
        // Somebody else's session, for whose end a deletion waits.
        let _ = app.db_hold(resource).await.unwrap();
        let user = entered(&app.db, ORG, "grace", app.now()).await;
        let (db, now) = (app.db.clone(), app.now());
        let starting = async move { start(&db, &user, json!({"resourceIds": [resource]}), now).await };
        let started = between(&app, starting, async {
            let path = format!("/resources/{resource}");
            if is_drained {
                let _ = admin.delete(&format!("{path}?drain=true")).await.expect(202);
            } else {
                let _ = admin.patch(&path, json!({"isActive": false})).await.expect(200);
            }
        });
        let refused = started.await.unwrap_err();
        assert!(matches!(refused, StoreError::Refused(_)), "{refused:?}");
    }
}
