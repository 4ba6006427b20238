//! Somebody's session of eight hours on the first group, and the credential with which its rule was made.

use model::id::CredentialId;
use serde_json::{Value, json};
use support::{Client, ORG, TestApp};

use crate::world::{World, start};

/// The session with what it stands on.
pub(crate) struct Running {
    pub(crate) world: World,
    pub(crate) person: Client,
    pub(crate) resource: String,
    pub(crate) session: Value,
}

/// A credential's value.
pub(crate) fn key(id: &str) -> Value {
    json!({"accessKeyId": id, "secretAccessKey": "PLANTED-s"})
}

impl Running {
    pub(crate) async fn new() -> Self {
        let world = World::of(TestApp::alive().await).await;
        let resource = world.resource(1).await;
        let person = world.person("grace", &[&resource]).await;
        let session = start(&person, json!({"durationHours": 8})).await;
        world.app.settle().await;
        assert_eq!(world.rules(1).len(), 1);
        Self { world, person, resource, session }
    }

    /// The path of the credential.
    pub(crate) fn credential(&self) -> String {
        format!("/credentials/{}/", self.world.credential)
    }

    pub(crate) fn credential_id(&self) -> CredentialId {
        CredentialId::parse_any(&self.world.credential).unwrap()
    }

    /// Has the resource use another credential, and says which.
    pub(crate) async fn move_resource(&self) -> String {
        let admin = self.world.app.admin();
        let body = json!({"name": "Next", "credential_type": "ACCESS_KEY", "value": key("AKIA7")});
        let next = admin.post("/credentials/", body).await.expect(201).id();
        let body = json!({"credentialId": next});
        let _ = admin.patch(&format!("/resources/{}", self.resource), body).await.expect(200);
        next
    }

    /// Its owner stops it, with a token of this moment.
    pub(crate) async fn stop(&self) {
        let person = self.world.app.bearer(&self.world.app.token("grace", ORG, &["USER"]));
        let path = format!("/sessions/{}/stop", self.session["id"].as_str().unwrap());
        let _ = person.post_empty(&path).await.expect(200);
        self.world.app.settle().await;
    }
}
