//! A demo organization, made through the API itself, and the lines that walk through it.

use axum::body::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use crate::LocalError;
use crate::gateway::Gateway;

/// The demo's organization.
pub const ORG: &str = "demo";
/// The demo's administrator.
pub const ADMIN: &str = "demo-admin";
/// A person of the demo's organization.
pub const PERSON: &str = "demo-person";

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
    /// Finds or makes the credential, the role, the person and the resource.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn prepare(gateway: &Gateway, token: &str) -> Result<Self, LocalError> {
        let api = Api { gateway, token };
        let value = json!({"accessKeyId": "AKIAEXAMPLE", "secretAccessKey": "demo"});
        let body = json!({"name": CREDENTIAL, "credential_type": "ACCESS_KEY", "value": value});
        let credential = api.find_or_make("/credentials/?length=100", "/credentials/", body).await?;
        let role = api.find_or_make("/roles", "/roles", json!({"name": ROLE})).await?;
        let person = json!({"id": PERSON, "email": "person@demo.example", "name": "Demo person"});
        api.find_or_make("/users", "/users", person).await?;
        let body = json!({
            "name": RESOURCE, "credentialId": credential, "provider": "AWS", "resourceType": "SECURITY_GROUP",
            "resourceIdentifier": "sg-0abc123def4567890", "region": "eu-central-1",
            "config": {"protocol": "tcp", "port": 22},
        });
        let resource = api.find_or_make("/resources", "/resources", body).await?;
        Ok(Self { credential, resource, role })
    }

    /// Commands for a shell that walk through the API. They are pasted: no line is a comment, because zsh takes a `#` that is typed for a command
    /// (`INTERACTIVE_COMMENTS`), and an apostrophe in it for the beginning of a text.
    #[must_use]
    pub fn script(&self, base: &str, tokens: &Tokens) -> String {
        let mut script = format!("TOKEN={}\nPERSON={}\n", tokens.admin, tokens.person);
        for (number, step) in (1..).zip(self.steps()) {
            let _ = write!(script, "\necho '# {number}. {}'\n{}", step.title, step.command(base));
        }
        script
    }

    /// The walk. What it makes it also takes away, so that it can be walked again.
    fn steps(&self) -> Vec<Step> {
        let Self { credential, resource, role } = self;
        let link = format!("roles/{role}/resources/{resource}");
        let membership = format!("roles/{role}/users/{PERSON}");
        let secret = r#"{"name": "Demo AWS account", "value": {"accessKeyId": "AKIAEXAMPLE", "secretAccessKey": "rotated"}}"#;
        vec![
            Step::new("Change a resource", "PATCH", format!("resources/{resource}")).with_body(
                r#"{"name": "Demo bastion, renamed", "config": {"protocol": "tcp", "port": 2222}}"#,
            ),
            Step::new(
                "Ask the (simulated) cloud whether it can be reached",
                "POST",
                format!("resources/{resource}/verify"),
            ),
            Step::new("Let the people of a role open it", "POST", link.clone()),
            Step::new("Put a person into the role", "POST", membership.clone()),
            Step::new("What the person may open, with their own token", "GET", "me")
                .by("Authorization: Bearer $PERSON"),
            Step::new("Start a session: their address is let in", "POST", "sessions")
                .by("Authorization: Bearer $PERSON")
                .keeping("SESSION", "id")
                .with_body(r#"{"durationMinutes": 30, "reason": "A look around"}"#),
            Step::new("The rule appears in the (simulated) cloud", "GET", "/_sim/groups").after_a_second(),
            Step::new("The session with its rows", "GET", "sessions/$SESSION")
                .by("Authorization: Bearer $PERSON"),
            Step::new("Stop it", "POST", "sessions/$SESSION/stop").by("Authorization: Bearer $PERSON"),
            Step::new("The rule is gone", "GET", "/_sim/groups").after_a_second(),
            Step::new(
                "A change of something that looks different by now is refused",
                "PATCH",
                format!("roles/{role}"),
            )
            .by("If-Match: \"stale\"")
            .with_body(r#"{"description": "Overwritten"}"#),
            Step::new("Make an API key that may read resources", "POST", "api-keys")
                .keeping("KEY", "plainTextKey")
                .with_body(r#"{"name": "Demo key", "scopes": ["resources:read"]}"#),
            Step::new("Read them with the key", "GET", "resources").by("X-API-Key: $KEY"),
            Step::new("Take the person out of the role", "DELETE", membership),
            Step::new("Take the resource out of the role", "DELETE", link),
            Step::new("Rotate the secret of a credential", "PUT", format!("credentials/{credential}/"))
                .with_body(secret),
            Step::new("Delete the resource", "DELETE", format!("resources/{resource}")),
            Step::new("Read the record of it all", "GET", "audit-logs?limit=5"),
        ]
    }
}

/// The tokens of the walk.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The administrator's.
    pub admin: String,
    /// The token of a person without that role.
    pub person: String,
}

const AS_ADMIN: &str = "Authorization: Bearer $TOKEN";

/// A request of the walk.
struct Step {
    title: &'static str,
    method: &'static str,
    path: String,
    headers: Vec<&'static str>,
    body: Option<&'static str>,
    /// A variable of the shell, and the member of the answer that goes into it.
    keeps: Option<(&'static str, &'static str)>,
    waits: bool,
}

impl Step {
    fn new(title: &'static str, method: &'static str, path: impl Into<String>) -> Self {
        Self { title, method, path: path.into(), headers: Vec::new(), body: None, keeps: None, waits: false }
    }

    fn with_body(self, body: &'static str) -> Self {
        Self { body: Some(body), ..self }
    }

    /// With a header: one that says who calls stands in place of the administrator's.
    fn by(mut self, header: &'static str) -> Self {
        self.headers.push(header);
        self
    }

    /// A member of the answer goes into a variable of the shell, for the steps to come.
    fn keeping(self, variable: &'static str, member: &'static str) -> Self {
        Self { keeps: Some((variable, member)), ..self }
    }

    /// What happens by itself takes a moment.
    fn after_a_second(self) -> Self {
        Self { waits: true, ..self }
    }

    fn command(&self, base: &str) -> String {
        let says_who = self.headers.iter().any(|header| !header.starts_with("If-"));
        let who = (!says_who).then_some(AS_ADMIN);
        let headers = who
            .iter()
            .chain(&self.headers)
            .map(|header| format!(" \\\n  -H \"{}\"", header.replace('"', "\\\"")));
        let headers: String = headers.collect();
        let body = self.body.map(|body| format!(" \\\n  -H 'Content-Type: application/json' -d '{body}'"));
        let path =
            if self.path.starts_with('/') { self.path.clone() } else { format!("/api/v1/{}", self.path) };
        let request = format!("-X {} \"{base}{path}\"{headers}{}", self.method, body.unwrap_or_default());
        if let Some((variable, member)) = self.keeps {
            // The first member of that name: nothing that comes before it has one of its own.
            return format!(
                "{variable}=$(curl -sS {request} | grep -o '\"{member}\":\"[^\"]*' | head -n 1 | cut -d '\"' -f 4)\n"
            );
        }
        let wait = if self.waits { "sleep 1\n" } else { "" };
        format!("{wait}curl -sS -i -w '\\n' {request}\n")
    }
}

struct Api<'a> {
    gateway: &'a Gateway,
    token: &'a str,
}

impl Api<'_> {
    /// The id of the object in a list that has the body's name, or of a new one.
    async fn find_or_make(&self, list: &str, collection: &str, body: Value) -> Result<String, LocalError> {
        let list = self.call(Method::GET, list, None).await?;
        let objects = list.get("results").unwrap_or(&list).as_array().cloned().unwrap_or_default();
        match objects.iter().find(|object| object.get("name") == body.get("name")) {
            Some(object) => id(object),
            None => id(&self.call(Method::POST, collection, Some(body)).await?),
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, LocalError> {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(Bytes::from(body.map(|body| body.to_string()).unwrap_or_default()))
            .map_err(LocalError::of("the demo"))?;
        let response = self.gateway.handle(request, IpAddr::V4(Ipv4Addr::LOCALHOST)).await;
        let (status, body) = (response.status(), response.into_body().to_vec());
        if !status.is_success() {
            return Err(LocalError::new(format!("the demo: {status} {}", String::from_utf8_lossy(&body))));
        }
        serde_json::from_slice(&body).map_err(LocalError::of("the demo"))
    }
}

fn id(object: &Value) -> Result<String, LocalError> {
    let id = object.get("id").and_then(Value::as_str).map(String::from);
    id.ok_or_else(|| LocalError::new("the demo: an object without an id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_the_walk_is_a_comment_or_leaves_a_quote_open() {
        let demo = Demo { credential: "c".into(), resource: "r".into(), role: "o".into() };
        let tokens = Tokens { admin: "a".into(), person: "p".into() };
        let script = demo.script("http://127.0.0.1:3000", &tokens);
        assert!(script.lines().all(|line| !line.trim_start().starts_with('#')), "{script}");
        for step in demo.steps() {
            assert!(!step.title.contains(['\'', '!', '\\']), "{}", step.title);
        }
        assert_eq!(script.matches("echo '# ").count(), demo.steps().len());
    }
}
