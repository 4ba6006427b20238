//! New objects of every kind, for requests to any route.

use serde_json::json;
use support::{Client, resource_body};

/// An object of each kind, not linked to each other.
pub(crate) struct Objects {
    credential: String,
    resource: String,
    role: String,
    user: String,
    api_key: String,
}

impl Objects {
    /// Makes them. `name` makes what must be unique so.
    pub(crate) async fn new(admin: &Client, name: &str) -> Self {
        let value = json!({"accessKeyId": "AKIA1", "secretAccessKey": "s"});
        let body = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
        let used = admin.post("/credentials/", body).await.expect(201).id();
        let user =
            json!({"email": format!("{}@acme.example", name.replace(|c: char| !c.is_alphanumeric(), "-"))});
        let key = json!({"name": name, "scopes": ["audit:read"]});
        Self {
            resource: admin.post("/resources", resource_body(&used)).await.expect(201).id(),
            credential: admin.new_credential("Unused").await,
            role: admin.new_role(name).await,
            user: admin.post("/users", user).await.expect(201).id(),
            api_key: admin.post("/api-keys", key).await.expect(201).id(),
        }
    }

    /// What stands in a route's parameters, as name of the family or parameter, and id.
    fn ids(&self) -> [(&'static str, &str); 5] {
        [
            ("credentials", &self.credential),
            ("resources", &self.resource),
            ("roles", &self.role),
            ("users", &self.user),
            ("api-keys", &self.api_key),
        ]
    }

    /// The path of a route with the objects' ids.
    pub(crate) fn path(&self, route: &str) -> String {
        let family = route.trim_start_matches("/api/v1/").split('/').next().unwrap_or_default();
        let id = self.ids().into_iter().find(|(kind, _)| *kind == family).map_or("", |(_, id)| id);
        let path = route.replace("{resourceId}", &self.resource).replace("{userId}", &self.user);
        path.replace("{id}", id)
    }

    /// A text in which each id is replaced by what `other` has in its place.
    pub(crate) fn replaced(&self, text: &str, other: &Self) -> String {
        let pairs = self.ids().into_iter().zip(other.ids());
        pairs.fold(text.to_owned(), |text, ((_, ours), (_, theirs))| text.replace(ours, theirs))
    }

    /// Ids that nothing has.
    pub(crate) fn of_nothing() -> Self {
        let nothing = String::from("550e8400-e29b-41d4-a716-446655440000");
        Self {
            credential: "BWBeN28Vb7cMEx7Ym8AUzs".into(),
            resource: nothing.clone(),
            role: nothing.clone(),
            user: nothing.clone(),
            api_key: nothing,
        }
    }
}
