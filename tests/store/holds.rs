//! Holds: a session row's claim on a resource, which blocks its deletion.

use model::id::{ResourceId, SessionRowId};
use model::precondition::Precondition;
use model::refusal::Refusal;
use serde_json::json;
use std::collections::BTreeSet;
use store::{StoreError, keys};
use support::{ORG, OTHER_ORG, TestApp, actor, org};

use crate::fixture::{
    Difference, active_resource, at, audited_difference, naming, refusal, resource_id, session_row,
};

async fn take(app: &TestApp, resource: ResourceId, row: SessionRowId) -> Result<(), StoreError> {
    app.db.take_hold(&actor(ORG), resource, row, app.now()).await
}

async fn release(app: &TestApp, resource: ResourceId, row: SessionRowId) -> Result<(), StoreError> {
    app.db.release_hold(&actor(ORG), resource, row, app.now()).await
}

async fn delete(app: &TestApp, resource: ResourceId) -> Result<(), StoreError> {
    app.db.delete_resource(&actor(ORG), resource, &Precondition::None, app.now()).await
}

async fn with_active_resource() -> (TestApp, ResourceId) {
    let app = TestApp::new().await;
    let credential = app.admin().new_credential("AWS").await;
    let resource = active_resource(&app, &credential).await;
    (app, resource)
}

#[tokio::test]
async fn a_hold_is_an_item_a_count_and_an_audit_row() {
    let (app, resource) = with_active_resource().await;
    let (row, key) = (session_row(&app), at(&keys::resource(&org(ORG), resource)));
    let items: BTreeSet<_> = [at(&keys::hold(&org(ORG), resource, row))].into();
    let before = app.db_table().await;
    assert_eq!(before[&key]["live"], 0);

    take(&app, resource, row).await.unwrap();
    let held = app.db_table().await;
    let expected =
        Difference { added: items.clone(), removed: BTreeSet::new(), changed: [key.clone()].into() };
    assert_eq!(audited_difference(&before, &held, "RESOURCE_HOLD"), expected);
    assert_eq!(held[&key]["live"], 1);

    release(&app, resource, row).await.unwrap();
    let released = app.db_table().await;
    let expected = Difference { added: BTreeSet::new(), removed: items, changed: [key.clone()].into() };
    assert_eq!(audited_difference(&held, &released, "RESOURCE_RELEASE"), expected);
    assert_eq!(released[&key], before[&key]);
}

#[tokio::test]
async fn a_row_holds_a_resource_once_and_releases_it_once() {
    let (app, resource) = with_active_resource().await;
    let row = session_row(&app);
    let before = app.db_table().await;
    assert_eq!(refusal(release(&app, resource, row).await), Refusal::NotHeld);
    assert_eq!(app.db_table().await, before);

    take(&app, resource, row).await.unwrap();
    let held = app.db_table().await;
    assert_eq!(refusal(take(&app, resource, row).await), Refusal::AlreadyHeld);
    assert_eq!(refusal(release(&app, resource, session_row(&app)).await), Refusal::NotHeld);
    assert_eq!(app.db_table().await, held);

    release(&app, resource, row).await.unwrap();
    let released = app.db_table().await;
    assert_eq!(refusal(release(&app, resource, row).await), Refusal::NotHeld);
    assert_eq!(app.db_table().await, released);
    take(&app, resource, row).await.unwrap();
}

#[tokio::test]
async fn only_an_active_resource_of_the_organization_is_held() {
    let app = TestApp::new().await;
    let credential = app.admin().new_credential("AWS").await;
    let inactive = resource_id(&app.admin().new_resource(&credential).await);
    let their_credential = app.other_admin().new_credential("AWS").await;
    let theirs = resource_id(&app.other_admin().new_resource(&their_credential).await);
    let unknown = ResourceId::generate(app.now());
    let before = app.db_table().await;
    for (resource, expected) in [
        (inactive, Refusal::ResourceInactive),
        (theirs, Refusal::ResourceNotFound(theirs)),
        (unknown, Refusal::ResourceNotFound(unknown)),
    ] {
        assert_eq!(refusal(take(&app, resource, session_row(&app)).await), expected);
        assert_eq!(app.db_table().await, before);
    }
    let other = app.db.take_hold(&actor(OTHER_ORG), inactive, session_row(&app), app.now()).await;
    assert_eq!(refusal(other), Refusal::ResourceNotFound(inactive));
    assert_eq!(app.db_table().await, before);
}

#[tokio::test]
async fn a_live_hold_blocks_the_deletion_until_the_last_is_released() {
    let (app, resource) = with_active_resource().await;
    let rows = [session_row(&app), session_row(&app)];
    for row in rows {
        take(&app, resource, row).await.unwrap();
    }
    for row in rows {
        let before = app.db_objects().await;
        assert_eq!(refusal(delete(&app, resource).await), Refusal::ResourceInUse);
        assert_eq!(app.db_objects().await, before);
        release(&app, resource, row).await.unwrap();
    }
    delete(&app, resource).await.unwrap();
    assert!(naming(&app.db_objects().await, &resource.to_string()).is_empty());
    assert_eq!(refusal(delete(&app, resource).await), Refusal::ResourceNotFound(resource));
    assert_eq!(refusal(release(&app, resource, rows[0]).await), Refusal::NotHeld);
}

#[tokio::test]
async fn a_hold_stays_counted_across_updates_of_its_resource() {
    let (app, resource) = with_active_resource().await;
    let (admin, row) = (app.admin(), session_row(&app));
    let (other, path) = (admin.new_credential("Other").await, format!("/resources/{resource}"));
    take(&app, resource, row).await.unwrap();
    for body in [
        json!({"name": "Renamed", "config": {"port": 22, "protocol": "tcp"}}),
        json!({"credentialId": other}),
        json!({"isActive": false}),
    ] {
        let _ = admin.patch(&path, body).await.expect(200);
        assert_eq!(refusal(delete(&app, resource).await), Refusal::ResourceInUse);
    }
    assert_eq!(refusal(take(&app, resource, session_row(&app)).await), Refusal::ResourceInactive);
    release(&app, resource, row).await.unwrap();
    delete(&app, resource).await.unwrap();
}

#[tokio::test]
async fn a_rename_of_the_credential_keeps_the_hold() {
    let (app, resource) = with_active_resource().await;
    let shown = app.admin().get(&format!("/resources/{resource}")).await;
    let credential = shown.json["credentialId"].as_str().unwrap().to_owned();
    take(&app, resource, session_row(&app)).await.unwrap();
    let _ = crate::fixture::rename(&app.admin(), &credential, "Renamed").await.expect(200);
    assert_eq!(refusal(delete(&app, resource).await), Refusal::ResourceInUse);
}
