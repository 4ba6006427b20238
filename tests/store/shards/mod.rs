//! Shards of resources and roles: what starts ask and count in the place of these, and what changes and deletions see of it.

use aws_sdk_dynamodb::types::AttributeValue;
use model::fields::FromFields;
use model::id::{ResourceId, RoleId};
use model::link::Link;
use model::precondition::Precondition;
use model::refusal::Refusal;
use model::sent::Sent;
use model::session::Session;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{Deletion, StoreError, keys};
use support::ledger::counted;
use support::sessions::{entered, start, start_as};
use support::{ORG, TestApp, actor, org, resource_body};

use crate::fixture::{active_resource, at, is_shard, put_raw, raw, read, refusal, resource_id, role_id};
use crate::interleavings::between;

mod changes;
mod older;

const SHARDS: u16 = 16;
const RESERVE: i64 = 1_000_000;
const DENIED: &str = "com.amazonaws.dynamodb.v20120810#AccessDeniedException";

fn sent<T: FromFields>(body: Value) -> Sent<T> {
    read::<T>(body).into()
}

type Started = Result<Session, StoreError>;

/// A resource, a role that leads to it, and somebody in the role.
struct Ready {
    app: Arc<TestApp>,
    resource: ResourceId,
    role: RoleId,
    user: Arc<model::user::User>,
}

impl Ready {
    async fn new() -> Self {
        let app = Arc::new(TestApp::new().await);
        let admin = app.admin();
        let resource = active_resource(&app, &admin.new_credential("AWS").await).await;
        let role = admin.new_role("Engineers").await;
        let _ = entered(&app.db, ORG, "grace", app.now()).await;
        for link in [format!("/roles/{role}/resources/{resource}"), format!("/roles/{role}/users/grace")] {
            let _ = admin.post_empty(&link).await.expect(200);
        }
        let user = app.db.user(&org(ORG), &model::id::UserId::parse("grace").unwrap()).await;
        let user = Arc::new(user.unwrap().unwrap().value);
        Self { app, resource, role: role_id(&role), user }
    }

    /// A resource as a version without shards made and counted it.
    async fn unmark(&self) {
        let mut item = raw(&self.app, &keys::resource(&org(ORG), self.resource)).await;
        item.remove("shards").unwrap();
        item.insert("live".into(), AttributeValue::N("0".into()));
        put_raw(&self.app, vec![item]).await;
    }

    fn start(&self) -> impl Future<Output = Started> + Send + 'static {
        let (app, user, body) =
            (Arc::clone(&self.app), Arc::clone(&self.user), json!({"resourceIds": [self.resource]}));
        async move { start_as(&app.db, (ORG, &user, false), body, app.now()).await }
    }

    async fn delete(&self) -> Result<(), StoreError> {
        self.app.db.delete_resource(&actor(ORG), self.resource, &Precondition::None, self.app.now()).await
    }

    async fn stop(&self, session: &Session) {
        self.app.db_release(session.head.id).await;
    }

    /// What a resource counts in all, and on its own item.
    async fn live(&self) -> (i64, i64) {
        let table = self.app.db_table().await;
        let own = &table[&at(&keys::resource(&org(ORG), self.resource))];
        (counted(&table, own), own["live"].as_i64().unwrap())
    }

    /// The states of a resource's or role's shards, one after another.
    async fn states(&self, of: Of) -> Vec<Option<i64>> {
        let table = self.app.db_table().await;
        let shard = |number| match of {
            Of::Resource => keys::shard_of_resource(&org(ORG), self.resource, number),
            Of::Role => keys::shard_of_role(&org(ORG), self.role, number),
        };
        let state = |number| table.get(&at(&shard(number))).and_then(|item| item["version"].as_i64());
        (0..SHARDS).map(state).collect()
    }

    /// The state of the owner's own item.
    async fn own_state(&self, of: Of) -> i64 {
        let table = self.app.db_table().await;
        let own = match of {
            Of::Resource => &table[&at(&keys::resource(&org(ORG), self.resource))],
            Of::Role => &table[&at(&keys::role(&org(ORG), self.role))],
        };
        let number = |name: &str| own[name].as_i64().unwrap_or(0);
        number("version") + number("unlinked") + i64::from(!own["draining"].is_null())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Resource,
    Role,
}

/// Whatever shard its row counts on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_on_any_shard_keeps_its_resource_from_being_deleted() {
    let ready = Ready::new().await;
    let mut found: BTreeSet<u16> = BTreeSet::new();
    for _ in 0..2000 {
        if found.len() == usize::from(SHARDS) {
            break;
        }
        let session = ready.start().await.unwrap();
        let shard = session.rows[0].shard.unwrap();
        if found.insert(shard) {
            assert_eq!(ready.live().await, (1, RESERVE));
            assert_eq!(refusal(ready.delete().await), Refusal::ResourceInUse, "{shard}");
        }
        ready.stop(&session).await;
    }
    assert_eq!(found, (0..SHARDS).collect());
    ready.delete().await.unwrap();
}

/// At every step of the start: while it reads, before a resource from before is marked, and before it is written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_read_a_deleted_resource_opens_nothing() {
    for (is_from_before, operation) in [
        (false, "Query"),
        (false, "BatchGetItem"),
        (false, "TransactWriteItems"),
        (true, "UpdateItem"),
        (true, "TransactWriteItems"),
    ] {
        let ready = Ready::new().await;
        if is_from_before {
            ready.unmark().await;
        }
        let mut gate = ready.app.proxy.stop_next(operation);
        let started = tokio::spawn(ready.start());
        gate.reached().await;
        ready.delete().await.unwrap();
        drop(gate);
        let refused = refusal(started.await.unwrap());
        assert_eq!(refused, Refusal::ResourceNotOpenable(ready.resource), "{operation}");
        let table = ready.app.db_table().await;
        let left: Vec<_> = table.values().filter(|item| item["entity"] == "SESSION").collect();
        assert!(left.is_empty(), "{operation}: {left:?}");
        let counts =
            table.iter().filter(|(at, item)| is_shard(at) && item["live"].as_i64().unwrap_or(0) != 0);
        assert_eq!(counts.count(), 0, "{operation}");
    }
}

/// At every step of the deletion.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_that_read_a_resource_without_sessions_sees_the_one_that_started_then() {
    for is_from_before in [false, true] {
        for operation in ["Query", "BatchGetItem", "TransactWriteItems"] {
            let ready = Ready::new().await;
            if is_from_before {
                ready.unmark().await;
            }
            let mut gate = ready.app.proxy.stop_next(operation);
            let (app, id) = (Arc::clone(&ready.app), ready.resource);
            let deleted = tokio::spawn(async move {
                app.db.delete_resource(&actor(ORG), id, &Precondition::None, app.now()).await
            });
            gate.reached().await;
            if operation == "TransactWriteItems" {
                let _ = ready.start().await.unwrap();
            } else {
                // Its own reads would wait at the gate as well.
                let user = entered(&ready.app.db, ORG, "ada", ready.app.now()).await;
                let body = json!({"resourceIds": [ready.resource]});
                let _ = start(&ready.app.db, &user, body, ready.app.now()).await.unwrap();
            }
            drop(gate);
            assert_eq!(refusal(deleted.await.unwrap()), Refusal::ResourceInUse, "{operation}");
            assert_eq!(ready.live().await.0, 1);
        }
    }
}

/// At every step of either of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_and_a_deletion_leave_no_count() {
    for is_deletion_stopped in [false, true] {
        let ready = Ready::new().await;
        let session = ready.start().await.unwrap();
        if is_deletion_stopped {
            for operation in ["Query", "BatchGetItem"] {
                let mut gate = ready.app.proxy.stop_next(operation);
                let (app, id) = (Arc::clone(&ready.app), ready.resource);
                let deleted = tokio::spawn(async move {
                    app.db.delete_resource(&actor(ORG), id, &Precondition::None, app.now()).await
                });
                gate.reached().await;
                if operation == "BatchGetItem" {
                    ready.stop(&session).await;
                }
                drop(gate);
                match (operation, deleted.await.unwrap()) {
                    ("Query", deleted) => assert_eq!(refusal(deleted), Refusal::ResourceInUse),
                    (_, deleted) => deleted.unwrap(),
                }
            }
            continue;
        }
        let (app, id) = (Arc::clone(&ready.app), session.head.id);
        let stopping = async move { app.db.end_or_evict_session(&actor(ORG), id, app.now()).await };
        let stopped = between(&ready.app, stopping, async {
            assert_eq!(refusal(ready.delete().await), Refusal::ResourceInUse);
        });
        stopped.await.unwrap();
        assert_eq!(refusal(ready.delete().await), Refusal::ResourceInUse, "its rule is still there");
        ready.stop(&session).await;
        ready.delete().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shards_of_a_deleted_owner_stay_for_an_hour() {
    let ready = Ready::new().await;
    ready.delete().await.unwrap();
    let (db, now) = (&ready.app.db, ready.app.now());
    db.delete_role(&actor(ORG), ready.role, &Precondition::None, now).await.unwrap();
    let until = ready.app.now().plus_seconds(3600).unix_seconds();
    let table = ready.app.db_table().await;
    let shards: Vec<_> = table.iter().filter(|(at, _)| is_shard(at)).map(|(_, item)| item).collect();
    assert_eq!(shards.len(), 2 * usize::from(SHARDS));
    for shard in shards {
        assert_eq!(
            (&shard["expiresAt"], &shard["version"]),
            (&json!(until), &json!(1_000_000_000_000_000_i64))
        );
    }
}

/// Its rows are reserved on shards, which hear of a closing a moment later: it looks at its resources after the closings.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_session_opens_nothing_that_was_closed_before_its_rows_were_reserved() {
    let ready = Ready::new().await;
    let (app, admin) = (&ready.app, ready.app.admin());
    let mut resources = Vec::new();
    for number in [1, 2] {
        let mut body = resource_body(&admin.new_credential("AWS").await);
        body["resourceIdentifier"] = json!(format!("sg-{number:08x}"));
        body["config"] = json!({"protocol": "tcp", "ports": (1..=58).collect::<Vec<_>>()});
        let id = resource_id(&admin.post("/resources", body).await.expect(201).id());
        let patch = sent(json!({"isActive": true}));
        app.db.update_resource(&actor(ORG), id, &patch, &Precondition::None, app.now()).await.unwrap();
        resources.push(id);
    }
    let user = entered(&app.db, ORG, "ada", app.now()).await;
    let (running, body) = (Arc::clone(app), json!({"resourceIds": resources}));
    let mut gate = app.proxy.stop_next("GetItem");
    let now = app.now();
    let started = tokio::spawn(async move { start(&running.db, &user, body, now).await });
    gate.reached().await;
    for _ in 0..SHARDS {
        app.proxy.fail_next("UpdateItem", 400, &json!({"__type": DENIED}));
    }
    let patch = sent(json!({"isActive": false}));
    let closed = app.db.update_resource(&actor(ORG), resources[0], &patch, &Precondition::None, now).await;
    assert!(matches!(closed, Err(StoreError::Defect(_))), "{closed:?}");
    drop(gate);
    assert_eq!(refusal(started.await.unwrap()), Refusal::ResourceNotOpenable(resources[0]));
}
