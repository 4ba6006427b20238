//! A request before it is sent.

use serde_json::{Value, json};

use super::change::{BodyChange, Change};
use support::objects::Objects;

/// A request in parts that can be changed.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) method: String,
    pub(super) path: String,
    query: Vec<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) media_type: Option<String>,
    /// The body's members: names, and values as they are to be written.
    members: Vec<(String, String)>,
    /// The body, where it is not made of members.
    bytes: Option<Vec<u8>>,
}

/// A body with every member that a route takes.
fn members(objects: &Objects, method: &str, route: &str) -> Value {
    let id = |family: &str| {
        let path = objects.path(&format!("/api/v1/{family}/{{id}}"));
        path.rsplit('/').next().unwrap_or_default().to_owned()
    };
    match (method, route.trim_start_matches("/api/v1/").trim_end_matches('/')) {
        ("POST" | "PATCH", "resources" | "resources/{id}") => json!({
            "name": "Random", "credentialId": id("credentials"), "provider": "AWS", "resourceType": "SECURITY_GROUP",
            "resourceIdentifier": "sg-0abc123def456", "region": "eu-central-1",
            "config": {"protocol": "tcp", "ports": [22, 443]},
        }),
        ("POST" | "PUT" | "PATCH", "credentials" | "credentials/{id}") => json!({
            "name": "Random", "value": {"accessKeyId": "AKIA1", "secretAccessKey": "random"}, "team": null,
            "description": "d", "is_sensitive": true, "provider": "AWS", "credential_type": "ACCESS_KEY",
        }),
        ("POST", "users") => json!({"id": "random", "email": "random@acme.example", "name": "Random"}),
        ("PATCH", "users/{id}") => {
            json!({"name": "Random", "email": "changed@acme.example", "isActive": true})
        }
        ("POST", "api-keys") => {
            json!({"name": "Random", "scopes": ["audit:read"], "expiresAt": "2026-03-01T00:00:00Z"})
        }
        ("POST", "sessions") => json!({
            "durationMinutes": 5, "ipv4Address": "198.51.100.9", "ipv6Address": "2001:db8:7::1", "reason": "Random",
            "resourceIds": [id("resources")],
        }),
        ("POST", "sessions/{id}/extend") => json!({"additionalMinutes": 1}),
        ("POST", "rules/{id}/resolve") => json!({"reason": "Random"}),
        ("POST" | "PATCH", "roles" | "roles/{id}") => {
            json!({"name": "Random", "description": "d", "maxSessionDurationHours": 4})
        }
        _ => Value::Null,
    }
}

impl Draft {
    /// A request as the route would like it.
    pub(super) fn of(objects: &Objects, method: &str, route: &str) -> Self {
        let body = members(objects, method, route);
        let members = body.as_object().into_iter().flatten();
        let members: Vec<_> = members.map(|(name, value)| (name.clone(), value.to_string())).collect();
        Self {
            method: method.into(),
            path: objects.path(route),
            query: Vec::new(),
            headers: Vec::new(),
            media_type: (!members.is_empty()).then(|| "application/json".into()),
            bytes: members.is_empty().then(Vec::new),
            members,
        }
    }

    /// Path and query.
    pub(super) fn uri(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query.join("&"))
        }
    }

    pub(super) fn body(&self) -> Vec<u8> {
        self.bytes.clone().unwrap_or_else(|| {
            let members =
                self.members.iter().map(|(name, value)| format!("{}: {value}", Value::from(name.as_str())));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", ")).into_bytes()
        })
    }

    /// Changes the request, where it then still is one.
    pub(super) fn change(&mut self, change: &Change) {
        match change {
            Change::Method(method) => self.method.clone_from(method),
            Change::Segment { place, with } => {
                let mut segments: Vec<_> = self.path.split('/').skip(1).map(String::from).collect();
                let place = place.index(segments.len());
                segments[place].clone_from(with);
                self.set_path(format!("/{}", segments.join("/")));
            }
            Change::Insert { place, segment } => {
                let mut segments: Vec<_> = self.path.split('/').skip(1).map(String::from).collect();
                segments.insert(place.index(segments.len() + 1), segment.clone());
                self.set_path(format!("/{}", segments.join("/")));
            }
            Change::Query(query) => {
                if format!("{}?{query}", self.path).parse::<http::Uri>().is_ok() {
                    self.query.push(query.clone());
                }
            }
            Change::Header(name, value) => {
                if http::HeaderValue::from_str(value).is_ok()
                    || http::HeaderValue::from_bytes(value.as_bytes()).is_ok()
                {
                    self.headers.push((name.clone(), value.clone()));
                }
            }
            Change::MediaType(media_type) => self.media_type = Some(media_type.clone()),
            Change::Body(change) => self.change_body(change),
        }
    }

    fn set_path(&mut self, path: String) {
        if path.parse::<http::Uri>().is_ok_and(|uri| uri.path() == path) {
            self.path = path;
        }
    }

    fn change_body(&mut self, change: &BodyChange) {
        match change {
            BodyChange::Bytes(bytes) => self.bytes = Some(bytes.clone()),
            BodyChange::Flip { place, with } => {
                let mut bytes = self.body();
                if !bytes.is_empty() {
                    let place = place.index(bytes.len());
                    bytes[place] = *with;
                }
                self.bytes = Some(bytes);
            }
            BodyChange::Cut(place) => {
                let mut bytes = self.body();
                bytes.truncate(place.index(bytes.len() + 1));
                self.bytes = Some(bytes);
            }
            BodyChange::Value { place, with } => {
                if !self.members.is_empty() {
                    let place = place.index(self.members.len());
                    self.members[place].1.clone_from(with);
                }
            }
            BodyChange::Member { name, value } => self.members.push((name.clone(), value.clone())),
            BodyChange::Without(place) => {
                if !self.members.is_empty() {
                    let place = place.index(self.members.len());
                    let _ = self.members.remove(place);
                }
            }
            BodyChange::Form => self.make_form(),
            BodyChange::Multipart => self.make_multipart(),
        }
    }

    fn make_form(&mut self) {
        let fields = self.members.iter().map(|(name, value)| format!("{name}={}", value.trim_matches('"')));
        self.bytes = Some(fields.collect::<Vec<_>>().join("&").into_bytes());
        self.media_type = Some("application/x-www-form-urlencoded".into());
    }

    fn make_multipart(&mut self) {
        let part = |(name, value): &(String, String)| {
            let value = value.trim_matches('"');
            format!("--limit\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let parts: String = self.members.iter().map(part).collect();
        self.bytes = Some(format!("{parts}--limit--\r\n").into_bytes());
        self.media_type = Some("multipart/form-data; boundary=limit".into());
    }
}
