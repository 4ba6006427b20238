//! The races one by one: an operation is stopped between its read and its write, and another one goes through.

use model::link::Link;
use model::refusal::Refusal;
use serde_json::json;
use std::future::Future;
use store::keys;
pub(crate) use support::interleave::between;
use support::ledger::counted;
use support::{ORG, Reply, TestApp, actor, org};

use crate::fixture::{
    active_resource, at, audited, credential_id, naming, refusal, rename, resource_id, role_id, usage,
};

fn http(
    app: &TestApp,
    method: &'static str,
    path: String,
    body: Option<serde_json::Value>,
) -> impl Future<Output = Reply> + Send + 'static {
    let admin = app.admin();
    async move {
        match (method, body) {
            ("DELETE", None) => admin.delete(&path).await,
            ("PATCH", Some(body)) => admin.patch(&path, body).await,
            ("POST", Some(body)) => admin.post(&path, body).await,
            ("PUT", Some(body)) => admin.put(&path, body).await,
            other => panic!("{other:?}"),
        }
    }
}

fn name_shown(table: &crate::fixture::Table, id: &str) -> String {
    let item = &table[&at(&keys::resource(&org(ORG), resource_id(id)))];
    item["data"]["credentialName"].as_str().unwrap().into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hold_before_the_write_of_a_deletion_stops_it() {
    let app = TestApp::new().await;
    let credential = app.admin().new_credential("AWS").await;
    let id = active_resource(&app, &credential).await;
    let deleted = between(&app, http(&app, "DELETE", format!("/resources/{id}"), None), async {
        app.db_hold(id).await.unwrap();
    })
    .await;
    assert_eq!(deleted.expect(400).json["error"], "RESOURCE_IN_USE");
    let table = app.db_table().await;
    assert_eq!(counted(&table, &table[&at(&keys::resource(&org(ORG), id))]), 1);
    assert_eq!(usage(&table, &credential), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deletion_takes_along_the_link_that_was_made_before_its_write() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let (id, role) = (admin.new_resource(&credential).await, admin.new_role("Developers").await);
    let deleted = between(&app, http(&app, "DELETE", format!("/resources/{id}"), None), async {
        let _ = admin.post_empty(&format!("/roles/{role}/resources/{id}")).await.expect(200);
    })
    .await;
    let _ = deleted.expect(204);
    let table = app.db_table().await;
    assert_eq!(naming(&table, &id), []);
    let events: Vec<_> = audited(&table).into_iter().map(|(event, _)| event).collect();
    assert_eq!(events.iter().filter(|event| *event == "ROLE_RESOURCE_ASSIGN").count(), 1);
    assert_eq!(events.iter().filter(|event| *event == "RESOURCE_DELETE").count(), 1);
    let second =
        app.db.assign(&actor(ORG), &Link::RoleResource(role_id(&role), resource_id(&id)), app.now()).await;
    assert_eq!(refusal(second), Refusal::ResourceNotFound(resource_id(&id)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deletion_succeeds_whatever_changes_before_its_write() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (credential, other) = (admin.new_credential("AWS").await, admin.new_credential("Other").await);
    let role = admin.new_role("Developers").await;
    for change in ["name", "credential", "rename", "unassign"] {
        let id = admin.new_resource(&credential).await;
        let _ = admin.post_empty(&format!("/roles/{role}/resources/{id}")).await.expect(200);
        let path = format!("/resources/{id}");
        let deleted = between(&app, http(&app, "DELETE", path.clone(), None), async {
            match change {
                "name" => drop(admin.patch(&path, json!({"name": "Renamed"})).await.expect(200)),
                "credential" => drop(admin.patch(&path, json!({"credentialId": other})).await.expect(200)),
                "rename" => drop(rename(&admin, &credential, "Renamed").await.expect(200)),
                _ => drop(admin.delete(&format!("/roles/{role}/resources/{id}")).await.expect(204)),
            }
        })
        .await;
        let _ = deleted.expect(204);
        let table = app.db_table().await;
        assert_eq!(naming(&table, &id), [], "{change}");
        assert_eq!((usage(&table, &credential), usage(&table, &other)), ((0, 0), (0, 0)), "{change}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_second_deletion_finds_nothing() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let id = admin.new_resource(&credential).await;
    let path = format!("/resources/{id}");
    let late = between(&app, http(&app, "DELETE", path.clone(), None), async {
        let _ = admin.delete(&path).await.expect(204);
    })
    .await;
    assert_eq!(late.expect(404).json["error"], "RESOURCE_NOT_FOUND");
    let table = app.db_table().await;
    assert_eq!(audited(&table).iter().filter(|(event, _)| event == "RESOURCE_DELETE").count(), 1);
    assert_eq!(usage(&table, &credential), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_update_of_what_is_deleted_before_its_write_changes_nothing() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (credential, other) = (admin.new_credential("AWS").await, admin.new_credential("Other").await);
    for body in [json!({"name": "Renamed"}), json!({"credentialId": other, "name": "Renamed"})] {
        let id = admin.new_resource(&credential).await;
        let path = format!("/resources/{id}");
        let late = between(&app, http(&app, "PATCH", path.clone(), Some(body)), async {
            let _ = admin.delete(&path).await.expect(204);
        })
        .await;
        assert_eq!(late.expect(404).json["error"], "RESOURCE_NOT_FOUND");
        let table = app.db_table().await;
        assert_eq!(naming(&table, &id), []);
        assert_eq!((usage(&table, &credential), usage(&table, &other)), ((0, 0), (0, 0)));
        assert!(audited(&table).iter().all(|(event, _)| event != "RESOURCE_UPDATE"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_update_is_lost() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let path = format!("/resources/{}", admin.new_resource(&credential).await);
    let name = http(&app, "PATCH", path.clone(), Some(json!({"name": "Renamed"})));
    let _ = between(&app, name, async {
        let _ = admin.patch(&path, json!({"region": "eu-west-1"})).await.expect(200);
    })
    .await
    .expect(200);
    let shown = admin.get(&path).await.expect(200);
    assert_eq!((&shown.json["name"], &shown.json["region"]), (&"Renamed".into(), &"eu-west-1".into()));

    let path = format!("/credentials/{credential}/");
    let name = http(&app, "PUT", path.clone(), Some(json!({"name": "Renamed", "value": null})));
    let _ = between(&app, name, async {
        let body = json!({"name": "AWS", "value": null, "description": "Described"});
        let _ = admin.put(&path, body).await.expect(200);
    })
    .await
    .expect(200);
    let shown = admin.get(&path).await.expect(200);
    assert_eq!((&shown.json["name"], &shown.json["description"]), (&"Renamed".into(), &"Described".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rename_before_the_write_reaches_the_copies_of_the_name() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (from, to) = (admin.new_credential("From").await, admin.new_credential("To").await);
    let id = admin.new_resource(&from).await;
    let switch = http(&app, "PATCH", format!("/resources/{id}"), Some(json!({"credentialId": to})));
    let switched = between(&app, switch, async {
        let _ = rename(&admin, &to, "Renamed").await.expect(200);
    })
    .await;
    assert_eq!(switched.expect(200).json["credentialName"], "Renamed");
    assert_eq!(name_shown(&app.db_table().await, &id), "Renamed");

    let create = http(&app, "POST", "/resources".into(), Some(support::resource_body(&to)));
    let created = between(&app, create, async {
        let _ = rename(&admin, &to, "Renamed again").await.expect(200);
    })
    .await;
    assert_eq!(created.expect(201).json["credentialName"], "Renamed again");
    assert_eq!(usage(&app.db_table().await, &to), (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rename_reaches_the_resources_that_came_and_went_before_its_write() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let (from, to) = (admin.new_credential("From").await, admin.new_credential("To").await);
    let (comes, goes, dies) =
        (admin.new_resource(&from).await, admin.new_resource(&to).await, admin.new_resource(&to).await);
    let body = json!({"name": "Renamed", "value": null});
    let renamed = between(&app, http(&app, "PUT", format!("/credentials/{to}/"), Some(body)), async {
        let _ = admin.patch(&format!("/resources/{comes}"), json!({"credentialId": to})).await.expect(200);
        let _ = admin.patch(&format!("/resources/{goes}"), json!({"credentialId": from})).await.expect(200);
        let _ = admin.delete(&format!("/resources/{dies}")).await.expect(204);
    })
    .await;
    assert_eq!(renamed.expect(200).json["name"], "Renamed");
    let table = app.db_table().await;
    assert_eq!((name_shown(&table, &comes), name_shown(&table, &goes)), ("Renamed".into(), "From".into()));
    assert_eq!((usage(&table, &from), usage(&table, &to)), ((1, 1), (1, 1)));
    let stored = &table[&at(&keys::credential(&org(ORG), credential_id(&to)))];
    assert_eq!(stored["data"]["name"], "Renamed");
}

#[tokio::test]
async fn an_api_key_is_revoked_once() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let body = json!({"name": "CI", "scopes": ["audit:read"]});
    let path = format!("/api-keys/{}", admin.post("/api-keys", body).await.expect(201).id());
    let revoked = between(&app, http(&app, "DELETE", path.clone(), None), async {
        app.advance_seconds(5);
        let _ = admin.delete(&path).await.expect(204);
    });
    let _ = revoked.await.expect(204);
    let rows = audited(&app.db_table().await);
    let revocations = rows.iter().filter(|(event, _)| event == "API_KEY_REVOKE");
    assert_eq!(revocations.count(), 1);
}
