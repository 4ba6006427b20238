//! The deletion of a resource: everything that names it goes, its audit rows stay.

use model::link::Link;
use serde_json::json;
use std::collections::BTreeMap;
use store::keys;
use support::{ORG, TestApp, actor, org};

use crate::fixture::{
    Table, active_resource, at, audited, is_audit, is_shard, naming, resource_id, role_id, usage,
};
use crate::interleavings::between;

/// Numbers of links around what one transaction holds beside the resource, its shards and its reference, which is 40, and one
/// that needs two more transactions.
const LINKS: [usize; 6] = [0, 1, 39, 40, 41, 130];

#[tokio::test]
async fn nothing_but_audit_rows_names_a_deleted_resource() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let mut roles = Vec::new();
    for number in 0..130 {
        roles.push(role_id(&admin.new_role(&format!("Role {number}")).await));
    }
    let bystander = admin.new_resource(&credential).await;
    app.db
        .assign(&actor(ORG), &Link::RoleResource(roles[0], resource_id(&bystander)), app.now())
        .await
        .unwrap();
    for links in LINKS {
        let id = admin.new_resource(&credential).await;
        for role in &roles[..links] {
            app.db
                .assign(&actor(ORG), &Link::RoleResource(*role, resource_id(&id)), app.now())
                .await
                .unwrap();
        }
        let before = app.db_table().await;
        assert_eq!(naming(&before, &id).len(), 2 + 2 * links);
        let _ = admin.delete(&format!("/resources/{id}")).await.expect(204);
        let after = app.db_table().await;
        assert_eq!(naming(&after, &id), [], "{links} links");
        assert_eq!(usage(&after, &credential), (1, 1));
        let others = |table: &Table| table.keys().filter(|at| !is_shard(at)).count();
        assert_eq!(others(&after), others(&before) - (2 + 2 * links) + 1);
        let kept = before.iter().filter(|(at, _)| is_audit(at));
        assert!(kept.into_iter().all(|(at, row)| after.get(at) == Some(row)));
        let deletions =
            audited(&after).iter().filter(|(event, of)| event == "RESOURCE_DELETE" && *of == id).count();
        assert_eq!(deletions, 1);
    }
    assert_eq!(
        app.db.role(&org(ORG), roles[0]).await.unwrap().unwrap().value.resource_ids,
        [resource_id(&bystander)]
    );
}

#[tokio::test]
async fn links_to_people_go_with_the_resource() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let (id, other) = (admin.new_resource(&credential).await, admin.new_resource(&credential).await);
    for number in 0..60 {
        let user = admin.new_user(&format!("person-{number}")).await;
        for resource in [&id, &other] {
            let _ = admin.post_empty(&format!("/users/{user}/resources/{resource}")).await.expect(200);
        }
    }
    let role = admin.new_role("Developers").await;
    let _ = admin.post_empty(&format!("/roles/{role}/resources/{id}")).await.expect(200);
    let _ = admin.delete(&format!("/resources/{id}")).await.expect(204);
    let after = app.db_table().await;
    assert_eq!(naming(&after, &id), []);
    assert_eq!(naming(&after, &other).len(), 2 + 60 + 60);
    for user in admin.get("/users").await.json.as_array().unwrap() {
        assert_eq!(user["resourceIds"], serde_json::json!([other]));
    }
}

#[tokio::test]
async fn the_credential_counts_what_is_left() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let unused = app.db_table().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(admin.new_resource(&credential).await);
    }
    for (number, id) in ids.iter().enumerate() {
        assert_eq!(usage(&app.db_table().await, &credential), (3 - number as u64, 3 - number));
        let _ = admin.delete(&format!("/resources/{id}")).await.expect(204);
    }
    let after = app.db_table().await;
    assert_eq!(usage(&after, &credential), (0, 0));
    let left: BTreeMap<_, _> = after.into_iter().filter(|(at, _)| !is_audit(at) && !is_shard(at)).collect();
    assert_eq!(left.keys().collect::<Vec<_>>(), unused.keys().filter(|at| !is_audit(at)).collect::<Vec<_>>());
    let shown = admin.get(&format!("/credentials/{credential}/")).await.expect(200);
    assert_eq!((&shown.json["usage_count"], &shown.json["references"]), (&0.into(), &serde_json::json!([])));
}

#[tokio::test]
async fn a_deletion_requires_the_resource_that_its_caller_saw() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let id = admin.new_resource(&credential).await;
    let tag = admin.get(&format!("/resources/{id}")).await.expect(200).header("etag").unwrap().to_owned();
    let caller = admin.with_header("if-match", &tag);
    let path = format!("/resources/{id}");
    let deletion = {
        let path = path.clone();
        async move { caller.delete(&path).await }
    };
    let reply = between(&app, deletion, async {
        let _ = admin.patch(&path, json!({"name": "Renamed"})).await.expect(200);
    });
    let _ = reply.await.expect(412);
    let _ = admin.get(&path).await.expect(200);
}

#[tokio::test]
async fn a_draining_resource_deleted_during_its_visit_leaves_nothing() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let resource = active_resource(&app, &credential).await;
    let session = app.db_hold(resource).await.unwrap();
    let path = format!("/resources/{resource}");
    let _ = admin.delete(&format!("{path}?drain=true")).await.expect(202);
    let (db, now) = (app.db.clone(), app.now());
    let mut gate = app.proxy.stop_next("UpdateItem");
    let looking = tokio::spawn(async move { db.process_due_resource(&org(ORG), resource, now).await });
    gate.reached().await;
    app.db_release(session).await;
    let _ = admin.delete(&path).await.expect(204);
    drop(gate);
    looking.await.unwrap().unwrap();
    assert!(!app.db_table().await.contains_key(&at(&keys::resource(&org(ORG), resource))));
}
