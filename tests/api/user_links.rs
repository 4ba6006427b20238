//! Links to people: `/roles/{id}/users/{userId}` and `/users/{id}/resources/{resourceId}`.

use serde_json::{Value, json};
use support::{Client, TestApp};

use crate::expect;

const UNKNOWN: &str = "550e8400-e29b-41d4-a716-446655440000";

/// A kind of link: the parts of its path, and its sentences.
struct Kind {
    first: (&'static str, String),
    second: (&'static str, String),
    what: &'static str,
    to: &'static str,
    event: &'static str,
}

impl Kind {
    fn path(&self) -> String {
        self.path_of(&self.first.1, &self.second.1)
    }

    fn path_of(&self, first: &str, second: &str) -> String {
        format!("/{}/{first}/{}/{second}", self.first.0, self.second.0)
    }
}

async fn kinds(admin: &Client) -> [Kind; 2] {
    let credential = admin.new_credential("AWS").await;
    let (role, user) = (admin.new_role("Engineers").await, admin.new_user("grace").await);
    let resource = admin.new_resource(&credential).await;
    [
        Kind {
            first: ("roles", role),
            second: ("users", user.clone()),
            what: "User",
            to: "role",
            event: "ROLE_USER",
        },
        Kind {
            first: ("users", user),
            second: ("resources", resource),
            what: "Resource",
            to: "user",
            event: "USER_RESOURCE",
        },
    ]
}

/// The ids that the two sides show of each other.
async fn shown(admin: &Client, kind: &Kind) -> (Value, Value) {
    let first = admin.get(&format!("/{}/{}", kind.first.0, kind.first.1)).await.expect(200).json;
    let second = admin.get(&format!("/{}/{}", kind.second.0, kind.second.1)).await.expect(200).json;
    match kind.to {
        "role" => (first["userIds"].clone(), second["roleIds"].clone()),
        _ => (first["resourceIds"].clone(), Value::Null),
    }
}

#[tokio::test]
async fn a_link_is_added_and_removed_once() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for kind in kinds(&admin).await {
        let (path, Kind { what, to, .. }) = (kind.path(), &kind);
        let message = format!("{what} assigned to {to} successfully");
        expect::body(&admin.post_empty(&path).await, 200, json!({"message": message}));
        let (of_first, of_second) = shown(&admin, &kind).await;
        assert_eq!(of_first, json!([kind.second.1]));
        assert!(of_second.is_null() || of_second == json!([kind.first.1]));
        let message = format!("{what} already assigned to this {to}");
        expect::reason(&admin.post_empty(&path).await, 400, "Bad Request", &message, &path);
        assert_eq!(admin.delete(&path).await.expect(204).text, "");
        assert_eq!(shown(&admin, &kind).await.0, json!([]));
        let message = format!("{what} not assigned to this {to}");
        expect::reason(&admin.delete(&path).await, 404, "Not Found", &message, &path);
        let _ = admin.post_empty(&path).await.expect(200);
        let events = admin.get("/audit-logs?limit=3").await.expect(200).json;
        let events: Vec<_> =
            events["content"].as_array().unwrap().iter().map(|row| row["eventType"].clone()).collect();
        let (made, taken) = (format!("{}_ASSIGN", kind.event), format!("{}_UNASSIGN", kind.event));
        assert_eq!(events, [json!(made), json!(taken), json!(made)]);
    }
}

#[tokio::test]
async fn a_missing_first_side_is_reported_before_the_second() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for kind in kinds(&admin).await {
        let _ = admin.post_empty(&kind.path()).await.expect(200);
        let named = |family: &str| match family {
            "roles" => "Role",
            "users" => "User",
            _ => "Resource",
        };
        let before = app.db_objects().await;
        for (first, second, missing) in [
            (UNKNOWN, UNKNOWN, named(kind.first.0)),
            (UNKNOWN, kind.second.1.as_str(), named(kind.first.0)),
            (kind.first.1.as_str(), UNKNOWN, named(kind.second.0)),
        ] {
            let path = kind.path_of(first, second);
            let message = format!("{missing} not found with id: {UNKNOWN}");
            for reply in [admin.post_empty(&path).await, admin.delete(&path).await] {
                expect::reason(&reply, 404, "Not Found", &message, &path);
            }
        }
        assert_eq!(app.db_objects().await, before);
    }
}

#[tokio::test]
async fn a_link_is_deleted_with_either_side() {
    for side in [0, 1] {
        let app = TestApp::new().await;
        let admin = app.admin();
        let [of_role, of_user] = kinds(&admin).await;
        for kind in [&of_role, &of_user] {
            let _ = admin.post_empty(&kind.path()).await.expect(200);
        }
        let deleted = if side == 0 { &of_role.first } else { &of_user.second };
        let _ = admin.delete(&format!("/{}/{}", deleted.0, deleted.1)).await.expect(204);
        let mut left = app.db_objects().await;
        // Items of deleted objects stay for an hour.
        left.retain(|_, item| item["entity"] != "SHARD");
        assert!(left.values().all(|item| !item.to_string().contains(&deleted.1)), "{left:?}");
        let user = admin.get("/users/grace").await.expect(200).json;
        let links =
            (user["roleIds"].as_array().unwrap().len(), user["resourceIds"].as_array().unwrap().len());
        assert_eq!(links, if side == 0 { (0, 1) } else { (1, 0) });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_simultaneous_requests_one_adds_the_link_and_one_removes_it() {
    let app = TestApp::new().await;
    let admin = app.admin();
    for kind in kinds(&admin).await {
        let path = kind.path();
        let made = futures_util::future::join_all((0..8).map(|_| admin.post_empty(&path))).await;
        assert_eq!(made.iter().filter(|reply| reply.status == 200).count(), 1);
        assert_eq!(made.iter().filter(|reply| reply.status == 400).count(), 7);
        let taken = futures_util::future::join_all((0..8).map(|_| admin.delete(&path))).await;
        assert_eq!(taken.iter().filter(|reply| reply.status == 204).count(), 1);
        assert_eq!(taken.iter().filter(|reply| reply.status == 404).count(), 7);
    }
}

#[tokio::test]
async fn a_user_has_a_bounded_number_of_links() {
    let app = TestApp::new().await;
    let admin = app.admin();
    let [of_role, of_user] = kinds(&admin).await;
    let ids: Vec<String> = (0..2000).map(|number| format!("00000000-0000-0000-0000-{number:012}")).collect();
    app.db_fill_sets_of_user("grace", &ids).await;
    for (kind, links) in [(of_role, "roles"), (of_user, "resources of their own")] {
        let message = format!("A user can have at most 2000 {links}");
        let path = kind.path();
        expect::reason(&admin.post_empty(&path).await, 400, "Bad Request", &message, &path);
    }
}
