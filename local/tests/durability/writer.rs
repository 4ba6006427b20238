//! One who writes, and knows what was acknowledged.

use http::Method;
use serde_json::{Value, json};

use crate::server::{Api, Server};

/// What all writers share.
pub(crate) struct Common {
    credential: String,
    resource: String,
}

impl Common {
    pub(crate) async fn make(server: &Server) -> Self {
        let value = json!({"accessKeyId": "AKIA1", "secretAccessKey": "s"});
        let body = json!({"name": "AWS", "credential_type": "ACCESS_KEY", "value": value});
        let credential = created(server, "/credentials/", &body).await;
        let resource = created(
            server,
            "/resources",
            &json!({
                "name": "Bastion", "credentialId": credential, "provider": "AWS", "region": "eu-central-1",
                "resourceType": "SECURITY_GROUP", "resourceIdentifier": "sg-0abc123def4567890",
                "config": {"protocol": "tcp", "port": 22},
            }),
        )
        .await;
        let path = format!("/resources/{resource}");
        let (status, _) =
            server.api.send(Method::PATCH, &path, Some(&json!({"isActive": true}))).await.unwrap();
        assert_eq!(status, 200);
        Self { credential, resource }
    }
}

async fn created(server: &Server, path: &str, body: &Value) -> String {
    let (status, body) = server.api.send(Method::POST, path, Some(body)).await.unwrap();
    assert_eq!(status, 201, "{body}");
    body["id"].as_str().unwrap().into()
}

/// A request, and what must be so once it has been acknowledged.
#[derive(Debug, Clone)]
struct Write {
    method: Method,
    path: String,
    body: Option<Value>,
    /// A path, and what a GET of it must show; nothing when it must be gone.
    shows: (String, Option<Value>),
}

/// One who writes until the server dies.
pub(crate) struct Writer {
    api: Api,
    credential: String,
    resource: String,
    name: String,
    /// What a GET of each path must show.
    known: Vec<(String, Option<Value>)>,
    /// What had no answer.
    pending: Option<Write>,
    pub(crate) acknowledged: u32,
}

impl Writer {
    pub(crate) fn new(server: &Server, common: &Common, name: String) -> Self {
        let (credential, resource) = (common.credential.clone(), common.resource.clone());
        // Sessions whose stop had no answer go on. A person of its own keeps each writer below the limit of a person's sessions.
        let api = server.api.of(&name);
        Self { api, credential, resource, name, known: Vec::new(), pending: None, acknowledged: 0 }
    }

    pub(crate) async fn work(mut self) -> Self {
        let mut number = 0;
        while self.round(number).await.is_some() {
            number += 1;
        }
        self
    }

    /// Whether the server died before its answer.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.pending.is_some()
    }

    /// A role that is made, linked, renamed and, every second time, deleted; a session that is started and stopped; a secret.
    async fn round(&mut self, number: u32) -> Option<()> {
        let name = format!("{} {number}", self.name);
        let role = self.create("/roles", json!({"name": name})).await?;
        let path = format!("/roles/{role}");
        let links = json!({"name": name, "resourceIds": [self.resource]});
        self.change(
            Method::POST,
            format!("{path}/resources/{}", self.resource),
            None,
            (path.clone(), Some(links)),
        )
        .await?;
        let new = json!({"name": format!("{name}, renamed")});
        self.change(Method::PATCH, path.clone(), Some(new.clone()), (path.clone(), Some(new))).await?;
        if number.is_multiple_of(2) {
            self.change(Method::DELETE, path.clone(), None, (path, None)).await?;
        }
        let session = self.create("/sessions", json!({"resourceIds": [self.resource]})).await?;
        let shows = (format!("/sessions/{session}"), Some(json!({"endedReason": "MANUAL"})));
        self.change(Method::POST, format!("/sessions/{session}/stop"), None, shows).await?;
        let secret = json!({"name": name, "value": name, "is_sensitive": false});
        let secret = self.create("/credentials/", secret).await?;
        let path = format!("/credentials/{secret}/");
        let new = json!({"name": name, "value": {"number": number}});
        let body = json!({"name": name, "value": {"number": number}, "is_sensitive": false});
        self.change(Method::PUT, path.clone(), Some(body), (path, Some(new))).await
    }

    async fn create(&mut self, path: &str, body: Value) -> Option<String> {
        let (status, made) = self.api.send(Method::POST, path, Some(&body)).await?;
        assert_eq!(status, 201, "{path} {made}");
        self.acknowledged += 1;
        let id = made["id"].as_str().unwrap().to_owned();
        let shown = match path {
            "/sessions" => json!({"id": id}),
            _ => body,
        };
        self.know((format!("{}/{id}{}", path.trim_end_matches('/'), slash(path)), Some(shown)));
        Some(id)
    }

    async fn change(
        &mut self,
        method: Method,
        path: String,
        body: Option<Value>,
        shows: (String, Option<Value>),
    ) -> Option<()> {
        let write = Write { method, path, body, shows };
        self.pending = Some(write.clone());
        let (status, answer) = self.api.send(write.method.clone(), &write.path, write.body.as_ref()).await?;
        assert!((200..300).contains(&status), "{write:?}: {status} {answer}");
        self.pending = None;
        self.acknowledged += 1;
        self.know(write.shows);
        Some(())
    }

    fn know(&mut self, (path, shown): (String, Option<Value>)) {
        self.known.retain(|(known, _)| *known != path);
        self.known.push((path, shown));
    }

    /// What is not as it was acknowledged, on a server that was started again.
    pub(crate) async fn look(&self, server: &Server) -> Vec<String> {
        let mut wrong = Vec::new();
        let shared = format!("/credentials/{}/", self.credential);
        let expected = self.known.iter().cloned().chain([(shared, Some(json!({"name": "AWS"})))]);
        for (path, shown) in expected {
            let (status, found) = server.api.send(Method::GET, &path, None).await.unwrap();
            let is_so = |shown: &Option<Value>| match shown {
                None => status == 404,
                Some(shown) => status == 200 && has(&found, shown),
            };
            // What had no answer may have happened.
            let pending = self.pending.as_ref().filter(|write| write.shows.0 == path);
            if !is_so(&shown) && !pending.is_some_and(|write| is_so(&write.shows.1)) {
                wrong.push(format!("{path}: {status} {found}, and not {shown:?}, nor {pending:?}"));
            }
        }
        wrong
    }
}

fn slash(path: &str) -> &'static str {
    if path.ends_with('/') { "/" } else { "" }
}

/// Whether an object has these members.
fn has(found: &Value, members: &Value) -> bool {
    members.as_object().unwrap().iter().all(|(name, value)| found[name] == *value)
}
