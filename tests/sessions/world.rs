//! What these tests set up: an organization whose resources stand on groups of the simulated cloud.

use aws_sdk_dynamodb::types::AttributeValue;
use firewall::{CloudRule, GroupRef};
use serde_json::{Value, json};
use support::{Client, ORG, TestApp};

pub(crate) const REGION: &str = "eu-central-1";

/// The address from which every request comes.
pub(crate) const SOURCE: &str = "203.0.113.7";

/// The primary key of an item.
pub(crate) type At = (String, String);

/// Where a session's item is.
pub(crate) fn session_at(session: &Value) -> At {
    (format!("ORG#{ORG}#SESSION#{}", session["id"].as_str().unwrap()), "#SESSION".into())
}

/// A group, by its number.
pub(crate) fn group(number: usize) -> GroupRef {
    GroupRef { region: REGION.into(), group_id: format!("sg-{number:08x}") }
}

/// A Postern with an account in the cloud.
pub(crate) struct World {
    pub(crate) app: TestApp,
    pub(crate) credential: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::of(TestApp::alive().await).await
    }

    pub(crate) async fn of(app: TestApp) -> Self {
        let value = json!({"accessKeyId": "AKIA1", "secretAccessKey": "s"});
        let body = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
        let credential = app.admin().post("/credentials/", body).await.expect(201).id();
        Self { app, credential }
    }

    /// A verified resource on a group, with this config.
    pub(crate) async fn resource_with(&self, number: usize, config: Value) -> String {
        self.app.cloud.add_group(group(number));
        let admin = self.app.admin();
        let body = json!({
            "name": format!("Resource {number}"), "credentialId": self.credential, "provider": "AWS",
            "resourceType": "SECURITY_GROUP", "resourceIdentifier": group(number).group_id, "region": REGION,
            "config": config,
        });
        let id = admin.post("/resources", body).await.expect(201).id();
        let _ = admin.post_empty(&format!("/resources/{id}/verify")).await.expect(200);
        id
    }

    /// A verified resource on a group, for SSH.
    pub(crate) async fn resource(&self, number: usize) -> String {
        self.resource_with(number, json!({"port": 22, "protocol": "tcp"})).await
    }

    /// A person who may open some resources directly.
    pub(crate) async fn person(&self, id: &str, resources: &[&str]) -> Client {
        let admin = self.app.admin();
        let _ = admin.new_user(id).await;
        for resource in resources {
            let _ = admin.post_empty(&format!("/users/{id}/resources/{resource}")).await.expect(200);
        }
        self.app.bearer(&self.app.token(id, ORG, &["USER"]))
    }

    /// A session of five minutes on a resource, of somebody who may open everything.
    pub(crate) async fn hold_as(&self, org: &str, resource: &str) {
        let user = support::sessions::entered(&self.app.db, org, "holder", self.app.now()).await;
        let body = json!({"resourceIds": [resource], "durationMinutes": 5});
        let _ = support::sessions::start(&self.app.db, &user, body, self.app.now()).await.unwrap();
    }

    /// Gives an item another shape: that of a version that is not this one, which reads 1 and no other.
    pub(crate) async fn set_shape(&self, at: &At, shape: u32) {
        self.set_attribute(at, "shape", AttributeValue::N(shape.to_string())).await;
    }

    /// The same for every item of a kind.
    pub(crate) async fn set_shapes(&self, entity: &str, shape: u32) {
        for at in self.places(entity).await {
            self.set_shape(&at, shape).await;
        }
    }

    /// Changes an attribute of an item, which may be one within a map: what another version has written.
    pub(crate) async fn set_attribute(&self, at: &At, name: &str, value: AttributeValue) {
        #[expect(clippy::disallowed_methods, reason = "what another version has written")]
        let call = self.app.dynamodb.update_item().table_name(&self.app.table);
        let call = call.key("pk", AttributeValue::S(at.0.clone())).key("sk", AttributeValue::S(at.1.clone()));
        let path: Vec<_> = name.split('.').map(|part| format!("#{part}")).collect();
        let call = call.update_expression(format!("SET {} = :value", path.join(".")));
        let call = name
            .split('.')
            .fold(call, |call, part| call.expression_attribute_names(format!("#{part}"), part));
        let _ = call.expression_attribute_values(":value", value).send().await.unwrap();
    }

    /// The keys of the items of a kind.
    pub(crate) async fn places(&self, entity: &str) -> Vec<At> {
        let table = self.app.db_table().await;
        table.into_iter().filter(|(_, item)| item["entity"] == entity).map(|(at, _)| at).collect()
    }

    /// The rules of a group in the cloud.
    pub(crate) fn rules(&self, number: usize) -> Vec<CloudRule> {
        let found = self.app.cloud.groups().into_iter().find(|(found, _)| *found == group(number));
        found.map(|(_, rules)| rules).unwrap_or_default()
    }

    /// The addresses that a group lets in.
    pub(crate) fn addresses(&self, number: usize) -> Vec<String> {
        let mut found: Vec<_> =
            self.rules(number).iter().filter_map(|rule| rule.ingress.map(|ingress| ingress.cidr())).collect();
        found.sort();
        found
    }

    /// The rules of the ledger.
    pub(crate) async fn ledger(&self) -> Vec<Value> {
        self.app.admin().get("/rules").await.expect(200).json.as_array().unwrap().clone()
    }

    /// The number of live rows on a resource.
    pub(crate) async fn live(&self, resource: &str) -> i64 {
        let table = self.app.db_table().await;
        let key = (format!("ORG#{ORG}#RESOURCE#{resource}"), String::from("#RESOURCE"));
        support::ledger::counted(&table, &table[&key])
    }
}

/// Starts a session with a body.
pub(crate) async fn start(caller: &Client, body: Value) -> Value {
    caller.post("/sessions", body).await.expect(201).json
}

/// A session as its owner sees it.
pub(crate) async fn shown(caller: &Client, session: &Value) -> Value {
    let id = session["id"].as_str().unwrap();
    caller.get(&format!("/sessions/{id}")).await.expect(200).json
}

/// The states of a session's rows.
pub(crate) fn row_states(session: &Value) -> Vec<&str> {
    session["resourceIps"].as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap()).collect()
}
