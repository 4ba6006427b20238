//! A demo organization, made through the API itself, and the lines that walk through it.

use axum::body::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use crate::Fault;
use crate::gateway::Gateway;

/// The demo's organization.
pub const ORG: &str = "demo";
/// The demo's administrator.
pub const ADMIN: &str = "demo-admin";

const CREDENTIAL: &str = "Demo AWS account";
const ROLE: &str = "Demo engineers";
const RESOURCE: &str = "Demo bastion";

/// What the demo walks through.
#[derive(Debug, Clone)]
pub struct Demo {
    credential: String,
    resource: String,
    role: String,
}

impl Demo {
    /// Finds or makes the credential, the role and the resource.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn prepare(gateway: &Gateway, token: &str) -> Result<Self, Fault> {
        let api = Api { gateway, token };
        let value = json!({"accessKeyId": "AKIAEXAMPLE", "secretAccessKey": "demo"});
        let body = json!({"name": CREDENTIAL, "credential_type": "ACCESS_KEY", "value": value});
        let credential = api.find_or_make("/credentials/?length=100", "/credentials/", body).await?;
        let role = api.find_or_make("/roles", "/roles", json!({"name": ROLE})).await?;
        let body = json!({
            "name": RESOURCE, "credentialId": credential, "provider": "AWS", "resourceType": "SECURITY_GROUP",
            "resourceIdentifier": "sg-0abc123def4567890", "region": "eu-central-1",
            "config": {"protocol": "tcp", "port": 22},
        });
        let resource = api.find_or_make("/resources", "/resources", body).await?;
        Ok(Self { credential, resource, role })
    }

    /// Commands for a shell that run the five operations in order.
    #[must_use]
    pub fn script(&self, base: &str, token: &str) -> String {
        let Self { credential, resource, role } = self;
        let steps = [
            (
                "Change a resource",
                "PATCH",
                format!("resources/{resource}"),
                Some(r#"{"name": "Demo bastion, renamed", "config": {"protocol": "tcp", "port": 2222}}"#),
            ),
            ("Let a role's people open it", "POST", format!("roles/{role}/resources/{resource}"), None),
            ("Take it away from them again", "DELETE", format!("roles/{role}/resources/{resource}"), None),
            (
                "Rotate the secret of a credential",
                "PUT",
                format!("credentials/{credential}/"),
                Some(
                    r#"{"name": "Demo AWS account", "value": {"accessKeyId": "AKIAEXAMPLE", "secretAccessKey": "rotated"}}"#,
                ),
            ),
            ("Delete the resource", "DELETE", format!("resources/{resource}"), None),
        ];
        let mut script = format!("TOKEN={token}\n");
        for (number, (title, method, path, body)) in (1..).zip(steps) {
            let body = body.map(|body| format!(" \\\n  -H 'Content-Type: application/json' -d '{body}'"));
            let _ = writeln!(
                script,
                "\n# {number}. {title}\ncurl -sS -i -w '\\n' -X {method} {base}/api/v1/{path} \\\n  -H \"Authorization: Bearer $TOKEN\"{}",
                body.unwrap_or_default()
            );
        }
        script
    }
}

struct Api<'a> {
    gateway: &'a Gateway,
    token: &'a str,
}

impl Api<'_> {
    /// The id of the object in a list that has the body's name, or of a new one.
    async fn find_or_make(&self, list: &str, collection: &str, body: Value) -> Result<String, Fault> {
        let list = self.call(Method::GET, list, None).await?;
        let objects = list.get("results").unwrap_or(&list).as_array().cloned().unwrap_or_default();
        match objects.iter().find(|object| object.get("name") == body.get("name")) {
            Some(object) => id(object),
            None => id(&self.call(Method::POST, collection, Some(body)).await?),
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Fault> {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(Bytes::from(body.map(|body| body.to_string()).unwrap_or_default()))
            .map_err(Fault::of("the demo"))?;
        let response = self.gateway.handle(request, IpAddr::V4(Ipv4Addr::LOCALHOST)).await;
        let (status, body) = (response.status(), response.into_body().to_vec());
        if !status.is_success() {
            return Err(Fault::new(format!("the demo: {status} {}", String::from_utf8_lossy(&body))));
        }
        serde_json::from_slice(&body).map_err(Fault::of("the demo"))
    }
}

fn id(object: &Value) -> Result<String, Fault> {
    let id = object.get("id").and_then(Value::as_str).map(String::from);
    id.ok_or_else(|| Fault::new("the demo: an object without an id"))
}
