//! Starts of sessions, stopped between what they read and what they write.

use model::refusal::Refusal;
use serde_json::json;
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
