//! What happens around the transactions that follow a commit: others come between, or AWS fails there.

use model::id::UserId;
use model::precondition::Precondition;
use model::refusal::Refusal;
use serde_json::json;
use std::future::Future;
use store::{StoreError, keys};
use support::{Gate, ORG, TestApp, actor, org};
use tokio::task::JoinHandle;

use crate::fixture::{active_resource, at, copies, naming, rename, resource_id, role_id};

const FAULT: &str = "com.amazonaws.dynamodb.v20120810#InternalServerError";

/// A credential with 150 resources: 97 copies of its name fit into the rename's own transaction.
async fn credential_with_many_resources(app: &TestApp) -> (String, Vec<String>) {
    let admin = app.admin();
    let credential = admin.new_credential("Old").await;
    let first = resource_id(&admin.new_resource(&credential).await);
    let mut ids = copies(app, first, 149).await;
    ids.push(first);
    let mut ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    ids.sort();
    (credential, ids)
}

async fn with_name(app: &TestApp, ids: &[String], name: &str) -> usize {
    let table = app.db_table().await;
    let item = |id: &String| &table[&at(&keys::resource(&org(ORG), resource_id(id)))];
    ids.iter().filter(|id| item(id)["data"]["credentialName"] == name).count()
}

/// Starts an operation, and stops it between its transaction and what follows it.
async fn stopped_after_commit<F>(app: &TestApp, operation: F) -> (JoinHandle<F::Output>, Gate)
where
    F: Future<Output: Send> + Send + 'static,
{
    let mut commit = app.proxy.stop_next("TransactWriteItems");
    let running = tokio::spawn(operation);
    commit.reached().await;
    let mut follow_up = app.proxy.stop_next("TransactWriteItems");
    drop(commit);
    follow_up.reached().await;
    (running, follow_up)
}

/// Lets AWS fail for as long as the SDK tries.
fn fail_follow_up(app: &TestApp, follow_up: Gate) {
    for _ in 0..store::CALL_ATTEMPTS {
        app.proxy.fail_next("TransactWriteItems", 500, &json!({"__type": FAULT}));
    }
    drop(follow_up);
}

/// One resource leaves the credential between the commit and the follow-up: the others keep the old name.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_resource_that_leaves_does_not_keep_the_others_from_their_new_name() {
    let app = TestApp::new().await;
    let (credential, ids) = credential_with_many_resources(&app).await;
    let other = app.admin().new_credential("Other").await;
    let (admin, id) = (app.admin(), credential.clone());
    let (running, follow_up) =
        stopped_after_commit(&app, async move { rename(&admin, &id, "New").await }).await;
    let _ = app
        .admin()
        .patch(&format!("/resources/{}", ids[149]), json!({"credentialId": other}))
        .await
        .expect(200);
    drop(follow_up);
    let _ = running.await.unwrap().expect(200);
    assert_eq!(with_name(&app, &ids[..149], "New").await, 149);
}

/// The follow-up of an earlier rename overtakes a later one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_rename_wins_everywhere() {
    let app = TestApp::new().await;
    let (credential, ids) = credential_with_many_resources(&app).await;
    let (admin, id) = (app.admin(), credential.clone());
    let (running, follow_up) =
        stopped_after_commit(&app, async move { rename(&admin, &id, "First").await }).await;
    let _ = rename(&app.admin(), &credential, "Second").await.expect(200);
    drop(follow_up);
    let _ = running.await.unwrap().expect(200);
    assert_eq!(with_name(&app, &ids, "Second").await, 150);
}

/// The follow-up meets a DynamoDB that is down: 503, and the caller's second try finds nothing to change.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rename_that_broke_off_is_finished_by_the_next_try() {
    let app = TestApp::new().await;
    let (credential, ids) = credential_with_many_resources(&app).await;
    let (admin, id) = (app.admin(), credential.clone());
    let (running, follow_up) =
        stopped_after_commit(&app, async move { rename(&admin, &id, "New").await }).await;
    fail_follow_up(&app, follow_up);
    let _ = running.await.unwrap().expect(503);
    let _ = rename(&app.admin(), &credential, "New").await.expect(200);
    assert_eq!(with_name(&app, &ids, "New").await, 150);
}

/// The same for the deletion of a resource with 60 links: 503, then 404, and 12 roles keep a link to nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deletion_that_broke_off_leaves_no_links() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let id = admin.new_resource(&credential).await;
    for number in 0..60 {
        let role = admin.new_role(&format!("Role {number}")).await;
        let _ = admin.post_empty(&format!("/roles/{role}/resources/{id}")).await.expect(200);
    }
    let (deleting, path) = (app.admin(), format!("/resources/{id}"));
    let (running, follow_up) = stopped_after_commit(&app, async move { deleting.delete(&path).await }).await;
    fail_follow_up(&app, follow_up);
    let _ = running.await.unwrap().expect(503);
    let _ = admin.delete(&format!("/resources/{id}")).await.expect(404);
    assert!(!admin.get("/roles").await.expect(200).text.contains(&id));
    assert_eq!(naming(&app.db_table().await, &id), []);
}

/// The same for the deletion of a role.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deletion_of_a_role_that_broke_off_leaves_no_links() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let neighbour = admin.new_role("Neighbour").await;
    let role = admin.new_role("Engineers").await;
    for _ in 0..60 {
        let id = admin.new_resource(&credential).await;
        let _ = admin.post_empty(&format!("/roles/{role}/resources/{id}")).await.expect(200);
    }
    let id = role_id(&role);
    let delete = || {
        let (db, now) = (app.db.clone(), app.now());
        async move { db.delete_role(&actor(ORG), id, &Precondition::None, now).await }
    };
    let (running, follow_up) = stopped_after_commit(&app, delete()).await;
    fail_follow_up(&app, follow_up);
    assert!(matches!(running.await.unwrap(), Err(StoreError::Busy(_))));
    let shown = admin.get("/roles").await.expect(200).json;
    assert_eq!((shown.as_array().unwrap().len(), &shown[0]["id"]), (1, &json!(neighbour)));
    assert_eq!(shown[0]["resourceIds"], json!([]), "links of no role are nobody's");
    assert!(matches!(delete().await, Err(StoreError::Refused(Refusal::RoleNotFound(_)))));
    assert_eq!(naming(&app.db_table().await, &role), []);
}

/// The same for the deletion of a user, who comes again before it is finished: what they have by then is theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deletion_of_a_user_that_broke_off_leaves_no_links() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let credential = admin.new_credential("AWS").await;
    let user = admin.new_user("grace").await;
    let mut resources = Vec::new();
    for _ in 0..110 {
        let id = admin.new_resource(&credential).await;
        let _ = admin.post_empty(&format!("/users/{user}/resources/{id}")).await.expect(200);
        resources.push(id);
    }
    let (deleting, path) = (app.admin(), format!("/users/{user}"));
    let (running, follow_up) = stopped_after_commit(&app, async move { deleting.delete(&path).await }).await;
    fail_follow_up(&app, follow_up);
    let _ = running.await.unwrap().expect(503);
    assert!(
        app.db_table().await.contains_key(&at(&keys::remains(&org(ORG), &UserId::parse(&user).unwrap())))
    );
    let _ = admin.new_user("grace").await;
    let again = format!("/users/{user}/resources/{}", resources[0]);
    let _ = admin.post_empty(&again).await.expect(200);
    let path = format!("/users/{user}");
    let stale = admin.with_header("if-match", "\"stale\"").delete(&path).await;
    assert_eq!(stale.status, 412);
    let _ = admin.delete(&path).await.expect(204);
    assert_eq!(naming(&app.db_table().await, "grace"), []);
    let _ = admin.delete(&path).await.expect(404);
}

/// The deletion of a user whose session cannot be ended right then: a note says that it must.
#[tokio::test]
async fn an_end_of_sessions_that_broke_off_is_noted() {
    let app = TestApp::new().await;
    let credential = app.admin().new_credential("AWS").await;
    let session = app.db_hold(active_resource(&app, &credential).await).await.unwrap();
    app.proxy.fail_after("TransactWriteItems", 1, 400, &json!({"__type": "AccessDeniedException"}));
    let _ = app.admin().delete("/users/holder").await.expect(204);
    let (org, user) = (org(ORG), UserId::parse("holder").unwrap());
    let shown = app.db.session(&org, session).await.unwrap().unwrap();
    assert!(!shown.has_ended());
    app.db.process_due_ending(&org, &user, app.now()).await.unwrap();
    let shown = app.db.session(&org, session).await.unwrap().unwrap();
    assert!(shown.has_ended());
    assert!(!app.db_table().await.contains_key(&at(&keys::ending(&org, &user))));
}

/// A second decision, between the ends of the first one's sessions and the end of its note, keeps a note of its own.
#[tokio::test]
async fn the_note_of_a_later_decision_outlives_the_work_of_an_earlier_one() {
    let app = TestApp::new().await;
    let credential = app.admin().new_credential("AWS").await;
    let resource = active_resource(&app, &credential).await;
    app.db_hold(resource).await.unwrap();
    let path = "/users/holder";
    let mut gate = app.proxy.stop_next("DeleteItem");
    let admin = app.admin();
    let first = tokio::spawn(async move { admin.patch(path, json!({"isActive": false})).await });
    gate.reached().await;

    app.advance_seconds(1);
    let _ = app.admin().patch(path, json!({"isActive": true})).await.expect(200);
    let session = app.db_hold(resource).await.unwrap();
    app.proxy.fail_after("TransactWriteItems", 1, 400, &json!({"__type": "AccessDeniedException"}));
    let _ = app.admin().patch(path, json!({"isActive": false})).await.expect(200);
    drop(gate);
    let _ = first.await.unwrap().expect(200);

    let (org, user) = (org(ORG), UserId::parse("holder").unwrap());
    let note = at(&keys::ending(&org, &user));
    assert!(app.db_table().await.contains_key(&note));
    app.db.process_due_ending(&org, &user, app.now()).await.unwrap();
    assert!(app.db.session(&org, session).await.unwrap().unwrap().has_ended());
    assert!(!app.db_table().await.contains_key(&note));
}
