//! Roles and credentials that are renamed and deleted, alone and while something else happens to them.

use aws_sdk_dynamodb::types::AttributeValue;
use model::id::{CredentialId, RoleId};
use model::link::Link;
use model::precondition::Precondition;
use model::refusal::Refusal;
use model::role::RolePatch;
use serde_json::json;
use std::future::Future;
use store::StoreError;
use store::keys::{self, Assignee};
use support::{ORG, TestApp, actor, org, resource_body};

use crate::fixture::{
    at, audited, copies, credential_id, difference, is_shard, naming, put_raw, raw, read, refusal, rename,
    resource_id, role_id, usage,
};
use crate::interleavings::between;

type Done = Result<(), StoreError>;

fn role_deletion(app: &TestApp, id: RoleId) -> impl Future<Output = Done> + Send + 'static {
    let (db, now) = (app.db.clone(), app.now());
    async move { db.delete_role(&actor(ORG), id, &Precondition::None, now).await }
}

fn role_rename(app: &TestApp, id: RoleId, name: &str) -> impl Future<Output = Done> + Send + 'static {
    let (db, now, patch) = (app.db.clone(), app.now(), read::<RolePatch>(json!({"name": name})));
    async move { db.update_role(&actor(ORG), id, &patch.into(), &Precondition::None, now).await.map(drop) }
}

fn credential_deletion(app: &TestApp, id: CredentialId) -> impl Future<Output = Done> + Send + 'static {
    let (db, now) = (app.db.clone(), app.now());
    async move { db.delete_credential(&actor(ORG), id, &Precondition::None, now).await }
}

fn guard(name: &str) -> (String, String) {
    at(&keys::role_name(&org(ORG), name))
}

fn recorded(rows: &[(String, String)], event: &str) -> usize {
    rows.iter().filter(|(of, _)| of == event).count()
}

#[tokio::test]
async fn a_deleted_role_leaves_no_link_and_frees_its_name() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let first = resource_id(&admin.new_resource(&credential).await);
    let resources = copies(&app, first, 60).await;
    let other = role_id(&admin.new_role("Other").await);
    app.db.assign(&actor(ORG), &Link::RoleResource(other, resources[0]), app.now()).await.unwrap();
    for links in [0, 1, 48, 49, 60] {
        let id = admin.new_role("Developers").await;
        for resource in &resources[..links] {
            app.db
                .assign(&actor(ORG), &Link::RoleResource(role_id(&id), *resource), app.now())
                .await
                .unwrap();
        }
        assert_eq!(naming(&app.db_table().await, &id).len(), 2 + 2 * links);
        role_deletion(&app, role_id(&id)).await.unwrap();
        let table = app.db_table().await;
        assert_eq!(naming(&table, &id), [], "{links} links");
        assert!(!table.contains_key(&guard("Developers")));
        assert_eq!(refusal(role_deletion(&app, role_id(&id)).await), Refusal::RoleNotFound(role_id(&id)));
        assert_eq!(app.db_table().await, table);
    }
    assert_eq!(app.db.role(&org(ORG), other).await.unwrap().unwrap().value.resource_ids, [resources[0]]);
    assert_eq!(recorded(&audited(&app.db_table().await), "ROLE_DELETE"), 5);
}

#[tokio::test]
async fn a_renamed_role_moves_the_guard_of_its_name() {
    let app = TestApp::new().await;
    let (id, other) =
        (role_id(&app.admin().new_role("Old").await), role_id(&app.admin().new_role("Taken").await));
    let before = app.db_table().await;
    assert_eq!(refusal(role_rename(&app, id, "Taken").await), Refusal::RoleNameTaken("Taken".into()));
    role_rename(&app, id, "Old").await.unwrap();
    assert_eq!(app.db_table().await, before);
    role_rename(&app, id, "New").await.unwrap();
    let after = app.db_table().await;
    let found = difference(&before, &after);
    assert_eq!(found.removed, [guard("Old")].into());
    let added = found.added.iter().filter(|at| !is_shard(at)).count();
    assert!(found.added.contains(&guard("New")) && added == 2, "{found:?}");
    assert_eq!(found.changed, [at(&keys::assignee(&org(ORG), &Assignee::Role(id)))].into());
    role_rename(&app, other, "Old").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_role_takes_along_what_it_got_before_the_write_of_its_deletion() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let (resource, id) = (admin.new_resource(&credential).await, admin.new_role("Developers").await);
    let deleted = between(&app, role_deletion(&app, role_id(&id)), async {
        let _ = admin.post_empty(&format!("/roles/{id}/resources/{resource}")).await.expect(200);
    });
    deleted.await.unwrap();
    assert_eq!(naming(&app.db_table().await, &id), []);

    let id = admin.new_role("Developers").await;
    let deleted = between(&app, role_deletion(&app, role_id(&id)), async {
        role_rename(&app, role_id(&id), "Renamed").await.unwrap();
    });
    deleted.await.unwrap();
    let table = app.db_table().await;
    assert_eq!(naming(&table, &id), []);
    assert!(!table.contains_key(&guard("Developers")) && !table.contains_key(&guard("Renamed")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_goes_to_one_role_only() {
    let app = TestApp::new().await;
    let id = role_id(&app.admin().new_role("Old").await);
    let late = between(&app, role_rename(&app, id, "New"), async {
        app.admin().new_role("New").await;
    });
    assert_eq!(refusal(late.await), Refusal::RoleNameTaken("New".into()));
    let late = between(&app, role_rename(&app, id, "Newer"), async {
        role_rename(&app, id, "Newest").await.unwrap();
    });
    late.await.unwrap();
    let table = app.db_table().await;
    assert!(table.contains_key(&guard("Newer")));
    assert!(!table.contains_key(&guard("Newest")) && !table.contains_key(&guard("Old")));
    let late = between(&app, role_rename(&app, id, "Last"), async {
        role_deletion(&app, id).await.unwrap();
    });
    assert_eq!(refusal(late.await), Refusal::RoleNotFound(id));
    assert!(!app.db_table().await.contains_key(&guard("Last")));
}

#[tokio::test]
async fn a_credential_is_deleted_when_nothing_uses_it() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let id = admin.new_credential("AWS").await;
    let resource = admin.new_resource(&id).await;
    let before = app.db_objects().await;
    let refused = credential_deletion(&app, credential_id(&id)).await;
    assert_eq!(refusal(refused), Refusal::CredentialInUse(1));
    assert_eq!(app.db_objects().await, before);
    let _ = admin.delete(&format!("/resources/{resource}")).await.expect(204);
    credential_deletion(&app, credential_id(&id)).await.unwrap();
    let table = app.db_table().await;
    assert_eq!(naming(&table, &credential_id(&id).to_string()), []);
    assert_eq!(recorded(&audited(&table), "CREDENTIAL_DELETE"), 1);
    let missing = Refusal::CredentialNotFound(credential_id(&id));
    assert_eq!(refusal(credential_deletion(&app, credential_id(&id)).await), missing);
    assert_eq!(app.db_table().await, table);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_credential_that_came_into_use_before_the_write_of_its_deletion_stays() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (from, id) = (admin.new_credential("From").await, admin.new_credential("AWS").await);
    let other = admin.new_resource(&from).await;
    let deleted = between(&app, credential_deletion(&app, credential_id(&id)), async {
        let _ = admin.post("/resources", resource_body(&id)).await.expect(201);
    });
    assert_eq!(refusal(deleted.await), Refusal::CredentialInUse(1));
    let unused = admin.new_credential("Unused").await;
    let deleted = between(&app, credential_deletion(&app, credential_id(&unused)), async {
        let body = json!({"credentialId": unused});
        let _ = admin.patch(&format!("/resources/{other}"), body).await.expect(200);
    });
    assert_eq!(refusal(deleted.await), Refusal::CredentialInUse(1));
    let table = app.db_table().await;
    assert_eq!((usage(&table, &id), usage(&table, &unused), usage(&table, &from)), ((1, 1), (1, 1), (0, 0)));
}

#[tokio::test]
async fn a_deletion_requires_the_credential_that_its_caller_saw() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let id = admin.new_credential("AWS").await;
    let path = format!("/credentials/{id}/");
    let tag = admin.get(&path).await.expect(200).header("etag").unwrap().to_owned();
    let (caller, deleted) = (admin.with_header("if-match", &tag), path.clone());
    let deletion = async move { caller.delete(&deleted).await };
    let reply = between(&app, deletion, async {
        let _ = rename(&admin, &id, "Renamed").await.expect(200);
    });
    let _ = reply.await.expect(412);
    let _ = admin.get(&path).await.expect(200);
}

#[tokio::test]
async fn a_credential_with_a_usage_count_is_not_deleted() {
    let app = TestApp::new().await;
    let id = credential_id(&app.admin().new_credential("AWS").await);
    let mut item = raw(&app, &keys::credential(&org(ORG), id)).await;
    item.insert("usage".into(), AttributeValue::N("1".into()));
    put_raw(&app, vec![item]).await;
    let table = app.db_table().await;
    let deleted = credential_deletion(&app, id).await;
    assert!(matches!(deleted, Err(StoreError::Busy(_))), "{deleted:?}");
    assert_eq!(app.db_table().await, table);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_resource_gets_a_credential_that_was_deleted_before_its_write() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let from = admin.new_credential("From").await;
    let resource = admin.new_resource(&from).await;
    for creates in [true, false] {
        let id = admin.new_credential("AWS").await;
        let (caller, body, path) =
            (app.admin(), json!({"credentialId": id}), format!("/resources/{resource}"));
        let create = resource_body(&id);
        let late = async move {
            if creates { caller.post("/resources", create).await } else { caller.patch(&path, body).await }
        };
        let late = between(&app, late, async {
            credential_deletion(&app, credential_id(&id)).await.unwrap();
        });
        assert_eq!(late.await.expect(404).json["error"], "CREDENTIAL_NOT_FOUND");
        let table = app.db_table().await;
        assert_eq!(naming(&table, &credential_id(&id).to_string()), []);
        assert_eq!(usage(&table, &from), (1, 1));
    }
}
