//! An organization whose resources stand on groups of the simulated cloud.

use firewall::GroupRef;
use serde_json::json;
use std::collections::BTreeSet;
use support::{Client, InFunction as _, ORG, TestApp, org};
use workers::RuleWorker;

/// A group, by its number.
pub(crate) fn group(number: usize) -> GroupRef {
    GroupRef { region: "eu-central-1".into(), group_id: format!("sg-{number:08x}") }
}

/// A public address, by its number.
pub(crate) fn address(number: usize) -> String {
    format!("8.{}.{}.{}", 8 + number / 65_536, number / 256 % 256, number % 256)
}

/// A Postern with an account in the cloud.
pub(crate) struct Place {
    pub(crate) app: TestApp,
    pub(crate) admin: Client,
    pub(crate) credential: String,
}

impl Place {
    pub(crate) async fn new(app: TestApp) -> Self {
        let admin = app.admin();
        let value = json!({"accessKeyId": "AKIA1", "secretAccessKey": "s"});
        let body = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
        let credential = admin.post("/credentials/", body).await.expect(201).id();
        Self { app, admin, credential }
    }

    /// An active resource for SSH on a group.
    pub(crate) async fn resource(&self, number: usize) -> String {
        self.app.cloud.add_group(group(number));
        let body = json!({
            "name": format!("Resource {number}"), "credentialId": self.credential, "provider": "AWS",
            "resourceType": "SECURITY_GROUP", "resourceIdentifier": group(number).group_id,
            "region": "eu-central-1", "config": {"port": 22, "protocol": "tcp"},
        });
        let id = self.admin.post("/resources", body).await.expect(201).id();
        let _ = self.admin.post_empty(&format!("/resources/{id}/verify")).await.expect(200);
        id
    }

    /// A person who may open some resources directly.
    pub(crate) async fn person(&self, id: &str, resources: &[String]) -> Client {
        let _ = self.admin.new_user(id).await;
        for resource in resources {
            let _ = self.admin.post_empty(&format!("/users/{id}/resources/{resource}")).await.expect(200);
        }
        self.token_of(id)
    }

    /// A person of the directory.
    pub(crate) fn token_of(&self, id: &str) -> Client {
        self.app.bearer(&self.app.token(id, ORG, &["USER"]))
    }

    /// Starts a session of an hour on a resource, for an address: its id.
    pub(crate) async fn start(&self, person: &Client, resource: &str, number: usize) -> String {
        let body = json!({"resourceIds": [resource], "ipv4Address": address(number), "durationMinutes": 60});
        person.post("/sessions", body).await.expect(201).id()
    }

    /// Runs the worker on some groups.
    pub(crate) async fn work(&self, groups: impl IntoIterator<Item = GroupRef>) {
        let groups: BTreeSet<_> = groups.into_iter().map(|group| (org(ORG), group)).collect();
        let worker = RuleWorker::new(self.app.worker_context());
        let running = worker.run(groups, self.app.now());
        let (report, again) = running.in_function("rule-worker").await;
        assert!(again.is_empty(), "{report:?}");
    }
}
