//! New objects of every kind, for requests to any route.

use crate::InFunction as _;
use crate::{Client, TestApp, resource_body};
use firewall::GroupRef;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use workers::RuleWorker;

/// Groups of the cloud that were given away: each resource has its own.
static GROUPS: AtomicU32 = AtomicU32::new(1);

/// An object of each kind, not linked to each other.
pub struct Objects {
    credential: String,
    resource: String,
    role: String,
    user: String,
    api_key: String,
    session: String,
    rule: String,
    group: GroupRef,
}

/// An id that nothing has.
pub const NOTHING: &str = "550e8400-e29b-41d4-a716-446655440000";

/// The key of the resources' credentials.
const KEY: &str = "AKIA1";

impl Objects {
    /// Makes them. `name` makes what must be unique so.
    pub async fn new(app: &TestApp, admin: &Client, name: &str) -> Self {
        let number = GROUPS.fetch_add(1, Ordering::SeqCst);
        let group = GroupRef { region: "eu-central-1".into(), group_id: format!("sg-{number:08x}") };
        app.cloud.add_group(group.clone());
        let name = &format!("{name}, group {number}");
        let value = json!({"accessKeyId": KEY, "secretAccessKey": "s"});
        let body = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
        let used = admin.post("/credentials/", body).await.expect(201).id();
        let user =
            json!({"email": format!("{}@acme.example", name.replace(|c: char| !c.is_alphanumeric(), "-"))});
        let key = json!({"name": name, "scopes": ["audit:read"]});
        let mut resource = resource_body(&used);
        resource["resourceIdentifier"] = json!(group.group_id);
        Self {
            session: NOTHING.into(),
            rule: NOTHING.into(),
            group,
            resource: admin.post("/resources", resource).await.expect(201).id(),
            credential: admin.new_credential("Unused").await,
            role: admin.new_role(name).await,
            user: admin.post("/users", user).await.expect(201).id(),
            api_key: admin.post("/api-keys", key).await.expect(201).id(),
        }
    }

    /// Starts a session on the resource, which an administrator's API keys may open as well: its id.
    pub async fn begin_session(&mut self, admin: &Client) -> String {
        let me = admin.get("/me").await.expect(200).id();
        let path = format!("/resources/{}", self.resource);
        let _ = admin.patch(&path, json!({"isActive": true})).await.expect(200);
        let _ = admin.post_empty(&format!("/users/{me}{path}")).await;
        let body = json!({"resourceIds": [self.resource]});
        self.session = admin.post("/sessions", body).await.expect(201).id();
        self.session.clone()
    }

    /// The same, and has its rule applied.
    pub async fn run_session(&mut self, app: &TestApp, admin: &Client) {
        self.begin_session(admin).await;
        self.work(app, admin).await;
        let rules = admin.get("/rules").await.expect(200).json;
        let own = |rule: &&Value| rule["resourceId"] == self.resource.as_str();
        self.rule = rules.as_array().unwrap().iter().find(own).unwrap()["id"].as_str().unwrap().into();
    }

    /// The id of a credential that nothing uses.
    #[must_use]
    pub fn credential(&self) -> &str {
        &self.credential
    }

    /// The role's id.
    #[must_use]
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The resource's id.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The resource's group.
    pub fn group(&self) -> GroupRef {
        self.group.clone()
    }

    /// Makes the rule of the session stuck: its session is over, and the provider does not let it be removed.
    pub async fn make_stuck(&self, app: &TestApp, admin: &Client) {
        let _ = admin.post_empty(&format!("/sessions/{}/stop", self.session)).await.expect(200);
        app.cloud.deny(KEY);
        self.work(app, admin).await;
        app.cloud.allow(KEY);
    }

    /// Runs the worker on the resource's group.
    async fn work(&self, app: &TestApp, admin: &Client) {
        let me = admin.get("/me").await.expect(200).json;
        let org = crate::org(me["organization"].as_str().unwrap());
        let (report, again) = RuleWorker::new(app.worker_context())
            .run([(org, self.group.clone())], app.now())
            .in_function("rule-worker")
            .await;
        assert!(again.is_empty(), "{report:?}");
    }

    /// What stands in a route's parameters, as name of the family or parameter, and id.
    fn ids(&self) -> [(&'static str, &str); 7] {
        [
            ("credentials", &self.credential),
            ("resources", &self.resource),
            ("roles", &self.role),
            ("users", &self.user),
            ("api-keys", &self.api_key),
            ("sessions", &self.session),
            ("rules", &self.rule),
        ]
    }

    /// The path of a route with the objects' ids.
    pub fn path(&self, route: &str) -> String {
        let family = route.trim_start_matches("/api/v1/").split('/').next().unwrap_or_default();
        let id = self.ids().into_iter().find(|(kind, _)| *kind == family).map_or("", |(_, id)| id);
        let path = route.replace("{resourceId}", &self.resource).replace("{userId}", &self.user);
        path.replace("{id}", id)
    }

    /// A text in which each id is replaced by what `other` has in its place.
    pub fn replaced(&self, text: &str, other: &Self) -> String {
        let pairs = self.ids().into_iter().zip(other.ids());
        pairs.fold(text.to_owned(), |text, ((_, ours), (_, theirs))| text.replace(ours, theirs))
    }

    /// Ids that nothing has.
    pub fn of_nothing() -> Self {
        let nothing = String::from(NOTHING);
        Self {
            credential: "BWBeN28Vb7cMEx7Ym8AUzs".into(),
            resource: nothing.clone(),
            role: nothing.clone(),
            user: nothing.clone(),
            api_key: nothing.clone(),
            session: nothing.clone(),
            rule: nothing,
            group: GroupRef { region: String::new(), group_id: String::new() },
        }
    }
}

/// The path of a route with the ids of new objects, linked where the route is about to unlink them.
pub async fn path(app: &TestApp, admin: &Client, method: &str, route: &str) -> String {
    objects(app, admin, method, route).await.path(route)
}

/// New objects for a request to a route.
pub async fn objects(app: &TestApp, admin: &Client, method: &str, route: &str) -> Objects {
    let mut objects = Objects::new(app, admin, &format!("{method} {route}")).await;
    if route.contains("/sessions") || route.contains("/rules") {
        objects.run_session(app, admin).await;
    }
    if route.ends_with("/resolve") || route.ends_with("/retry") {
        objects.make_stuck(app, admin).await;
    }
    let is_link = ["/resources/{resourceId}", "/users/{userId}"].iter().any(|end| route.ends_with(end));
    if method == "DELETE" && is_link {
        let path = objects.path(route);
        let _ = admin.post_empty(path.trim_start_matches("/api/v1")).await.expect(200);
    }
    objects
}

/// A body that a route takes. `number` makes names differ.
pub async fn body(admin: &Client, method: &str, route: &str, number: usize) -> Option<Value> {
    let name = format!("{method} {route} {number}");
    match (method, route.trim_start_matches("/api/v1/").trim_end_matches('/')) {
        ("POST", "resources") => Some(resource_body(&admin.new_credential("AWS").await)),
        ("POST" | "PUT", "credentials" | "credentials/{id}") => Some(json!({"name": name, "value": "v"})),
        ("POST", "users") => Some(json!({"email": format!("person-{number}@acme.example")})),
        ("POST", "api-keys") => Some(json!({"name": name, "scopes": ["audit:read"]})),
        ("POST", "sessions") => Some(json!({"durationHours": 1})),
        ("POST", "sessions/{id}/extend") => Some(json!({"additionalMinutes": 1})),
        ("POST", "rules/{id}/resolve") => Some(json!({"reason": "The group is gone"})),
        ("POST", "roles") | ("PATCH", _) => Some(json!({"name": name})),
        _ => None,
    }
}

/// Makes the group of every test's resource exist.
pub fn open_the_cloud(app: &TestApp) {
    let group = GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123def456".into() };
    app.cloud.add_group(group);
}
