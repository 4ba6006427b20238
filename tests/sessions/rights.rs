//! Rights that change between what a start or an extension reads and what it writes: it is answered as a fresh one would be.

use serde_json::{Value, json};
use std::future::Future;
use support::interleave::between;
use support::{Client, Reply, TestApp};

use crate::world::{World, start};

/// By which link somebody reaches a resource, and how it is taken away.
const WAYS: [&str; 4] = [
    "/roles/{role}/users/grace",
    "/roles/{role}/resources/{resource}",
    "/roles/{role}",
    "/users/grace/resources/{resource}",
];

/// Grace, who may open some resources in one way.
struct Granted {
    world: World,
    person: Client,
    resources: Vec<String>,
    role: String,
    way: &'static str,
}

impl Granted {
    /// With resources of so many ports each.
    async fn new(way: &'static str, resources: usize, ports: u16) -> Self {
        let world = World::of(TestApp::new().await).await;
        let config = json!({"protocol": "tcp", "ports": (1..=ports).collect::<Vec<_>>()});
        let mut ids = Vec::new();
        for number in 1..=resources {
            ids.push(world.resource_with(number, config.clone()).await);
        }
        let person = world.person("grace", &[]).await;
        let admin = world.app.admin();
        let role = json!({"name": "Engineers", "maxSessionDurationHours": 2});
        let role = admin.post("/roles", role).await.expect(201).id();
        let is_direct = way.starts_with("/users");
        if !is_direct {
            let _ = admin.post_empty(&format!("/roles/{role}/users/grace")).await.expect(200);
        }
        for id in &ids {
            let side = if is_direct { "users/grace".into() } else { format!("roles/{role}") };
            let _ = admin.post_empty(&format!("/{side}/resources/{id}")).await.expect(200);
        }
        Self { world, person, resources: ids, role, way }
    }

    /// Takes the way to the first resource away.
    async fn take_away(&self) {
        let path = self.way.replace("{role}", &self.role).replace("{resource}", &self.resources[0]);
        let _ = self.world.app.admin().delete(&path).await.expect(204);
    }

    /// The same, and then opens another port there.
    async fn take_away_and_change(&self) {
        self.take_away().await;
        let admin = self.world.app.admin();
        let body = json!({"config": {"protocol": "tcp", "port": 3389}});
        let _ = admin.patch(&format!("/resources/{}", self.resources[0]), body).await.expect(200);
    }

    async fn set_limit(&self, hours: u32) {
        let body = json!({"maxSessionDurationHours": hours});
        let _ = self.world.app.admin().patch(&format!("/roles/{}", self.role), body).await.expect(200);
    }

    fn post(&self, path: &str, body: Value) -> impl Future<Output = Reply> + Send + 'static {
        let (person, path) = (self.person.clone(), path.to_owned());
        async move { person.post(&path, body).await }
    }

    async fn count(&self, entity: &str) -> usize {
        self.world.app.db_table().await.values().filter(|item| item["entity"] == entity).count()
    }

    async fn assert_nothing_was_started(&self) {
        let left = [self.count("SESSION").await, self.count("SESSION_ROWS").await, self.count("RULE").await];
        assert_eq!(left, [0, 0, 0], "{}", self.way);
        assert_eq!(self.world.live(&self.resources[0]).await, 0, "{}", self.way);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_opens_nothing_by_a_way_that_was_taken_away_before_the_write() {
    for way in WAYS {
        for (is_named, changes) in [(false, false), (true, false), (true, true)] {
            let granted = Granted::new(way, 1, 1).await;
            let body = if is_named { json!({"resourceIds": granted.resources}) } else { json!({}) };
            let started = granted.post("/sessions", body.clone());
            let reply = between(&granted.world.app, started, async {
                if changes {
                    granted.take_away_and_change().await;
                } else {
                    granted.take_away().await;
                }
            })
            .await;
            let fresh = granted.person.post("/sessions", body).await;
            assert_eq!((reply.status, &reply.json), (fresh.status, &fresh.json), "{way}");
            assert_eq!(reply.status, if is_named { 404 } else { 400 }, "{way}: {}", reply.text);
            granted.assert_nothing_was_started().await;
        }
    }
}

/// Two transactions reserve the rows; the third one writes the session.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_start_opens_nothing_by_a_way_that_was_taken_away_before_the_write() {
    for way in WAYS {
        let granted = Granted::new(way, 2, 58).await;
        let body = json!({"resourceIds": granted.resources});
        for _ in 0..2 {
            drop(granted.world.app.proxy.stop_next("TransactWriteItems"));
        }
        let started = granted.post("/sessions", body);
        let reply = between(&granted.world.app, started, granted.take_away_and_change()).await;
        assert_eq!(reply.status, 404, "{way}: {}", reply.text);
        granted.assert_nothing_was_started().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_lasts_no_longer_than_the_role_allows_at_the_write() {
    for (resources, ports, before) in [(1, 1, 0), (2, 58, 2)] {
        let granted = Granted::new(WAYS[0], resources, ports).await;
        for _ in 0..before {
            drop(granted.world.app.proxy.stop_next("TransactWriteItems"));
        }
        let started = granted.post("/sessions", json!({"durationHours": 2}));
        let reply = between(&granted.world.app, started, granted.set_limit(1)).await;
        let sentence = "durationHours must not be longer than 1 hour";
        assert_eq!(reply.expect(400).json["validationErrors"]["durationHours"], sentence);
        granted.assert_nothing_was_started().await;
    }
}

/// A role that does not lead to the session's resources may change, and so may what somebody gains.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_gains_before_the_write_keeps_nothing_from_starting() {
    let granted = Granted::new(WAYS[0], 1, 1).await;
    let reply = between(&granted.world.app, granted.post("/sessions", json!({})), async {
        let admin = granted.world.app.admin();
        let other = admin.new_role("Others").await;
        let _ = admin.post_empty(&format!("/roles/{other}/users/grace")).await.expect(200);
    })
    .await;
    let _ = reply.expect(201);
}

/// As many roles as resources leave no room for their rows in one transaction.
#[tokio::test]
async fn a_start_through_many_roles_requires_each_of_them() {
    let granted = Granted::new(WAYS[0], 40, 1).await;
    let admin = granted.world.app.admin();
    let _ = admin.delete(&format!("/roles/{}", granted.role)).await.expect(204);
    for (number, resource) in granted.resources.iter().enumerate() {
        let role = admin.new_role(&format!("Role {number}")).await;
        let _ = admin.post_empty(&format!("/roles/{role}/users/grace")).await.expect(200);
        let _ = admin.post_empty(&format!("/roles/{role}/resources/{resource}")).await.expect(200);
    }
    let session = start(&granted.person, json!({})).await;
    assert_eq!(session["resourceIps"].as_array().unwrap().len(), 40);
}

impl Granted {
    /// The path of an extension of a session that runs.
    async fn running(&self) -> String {
        let session = start(&self.person, json!({"durationHours": 1})).await;
        self.world.app.advance_seconds(46);
        self.world.app.sweep().await;
        format!("/sessions/{}/extend", session["id"].as_str().unwrap())
    }
}

/// A session of a hundred resources has more than one transaction asks about.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_grants_nothing_by_a_way_that_was_taken_away_before_the_write() {
    for (way, resources) in WAYS.map(|way| (way, 1)).into_iter().chain([(WAYS[1], 100), (WAYS[3], 100)]) {
        let granted = Granted::new(way, resources, 1).await;
        let path = granted.running().await;
        let body = json!({"additionalMinutes": 30});
        let extended = granted.post(&path, body.clone());
        let reply = between(&granted.world.app, extended, granted.take_away()).await;
        let expected =
            format!("The session cannot be extended: resource {} is out of your reach", granted.resources[0]);
        assert_eq!(reply.expect(400).json["message"], expected, "{way}, {resources}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_extension_grants_nothing_that_was_closed_before_the_write() {
    let granted = Granted::new(WAYS[0], 100, 1).await;
    let path = granted.running().await;
    let extended = granted.post(&path, json!({"additionalMinutes": 30}));
    let reply = between(&granted.world.app, extended, async {
        let resource = format!("/resources/{}", granted.resources[0]);
        let _ = granted.world.app.admin().patch(&resource, json!({"isActive": false})).await.expect(200);
    })
    .await;
    assert!(
        reply.expect(400).json["message"].as_str().unwrap().ends_with("is not active, or is being deleted")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_is_no_longer_than_the_role_allows_at_the_write() {
    let granted = Granted::new(WAYS[0], 1, 1).await;
    let path = granted.running().await;
    let extended = granted.post(&path, json!({"additionalMinutes": 60}));
    let reply = between(&granted.world.app, extended, granted.set_limit(1)).await;
    let sentence = "The session must not be longer than 1 hour in all: it cannot be extended";
    assert_eq!(reply.expect(400).json["validationErrors"]["additionalMinutes"], sentence);
}
