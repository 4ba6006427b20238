//! Whether the description allows an answer.

use http::HeaderMap;
use serde_json::{Value, json};

use super::{Description, Operation};

/// The headers by which the API says something of its own: an answer has those that the description gives it and no other.
/// What tells browsers how to treat an answer is the same everywhere, and `tests/api` holds it.
const SPEAKING: [&str; 10] = [
    "allow",
    "etag",
    "link",
    "location",
    "retry-after",
    "www-authenticate",
    "x-postern-error",
    "x-postern-unreadable",
    "x-postern-unreadable-count",
    "x-request-id",
];

/// An answer, and the request that it is for.
pub(crate) struct Answer<'a> {
    pub(crate) method: &'a str,
    /// Without the query.
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) text: &'a str,
}

impl Description {
    /// Fails where the description does not allow an answer.
    #[track_caller]
    pub(crate) fn assert_allows(&self, answer: &Answer<'_>) {
        let faults = self.faults(answer);
        let Answer { method, path, status, text, .. } = answer;
        assert!(
            faults.is_empty(),
            "api/openapi.yaml does not allow {status} of {method} {path}:\n{}\n{text}",
            faults.join("\n")
        );
    }

    fn faults(&self, answer: &Answer<'_>) -> Vec<String> {
        // A browser's question is about operations and is none (Fetch Standard, "CORS-preflight request").
        if answer.method == "OPTIONS" && answer.headers.contains_key("access-control-allow-methods") {
            return Vec::new();
        }
        // A gateway may pass over the slash at the end of a path, or send its caller on: the choice is its own.
        let bare = answer.path.strip_suffix('/').filter(|bare| !bare.ends_with('/'));
        let as_it_is = self.asked(answer.method, answer.path);
        let responses = match as_it_is.or_else(|| self.asked(answer.method, bare?)) {
            Some(operation) if answer.status != 308 => &operation.says["responses"],
            _ => &self.document["x-fallback"][format(answer.path)],
        };
        let Some(response) = responses.get(answer.status.to_string()) else {
            return vec![String::from("the status is not listed")];
        };
        let response = self.resolved(response);
        let mut faults = self.header_faults(&response["headers"], answer.headers);
        if answer.method != "HEAD" {
            faults.extend(self.body_faults(&response["content"], answer));
        } else if !answer.text.is_empty() {
            faults.push(String::from("an answer to HEAD has a body"));
        }
        faults
    }

    /// The operation that a request is for. `HEAD` asks what `GET` does of what anybody may read, and is no operation elsewhere.
    fn asked(&self, method: &str, path: &str) -> Option<&Operation> {
        if method != "HEAD" {
            return self.operation(method, path);
        }
        self.operation("GET", path).filter(|operation| operation.says["security"] == json!([]))
    }

    fn header_faults(&self, described: &Value, headers: &HeaderMap) -> Vec<String> {
        let undescribed = SPEAKING.into_iter().filter(|name| described.get(name).is_none());
        let undescribed = undescribed.filter(|name| headers.contains_key(*name));
        let mut faults: Vec<_> = undescribed.map(|name| format!("{name} is not described")).collect();
        for (name, header) in described.as_object().into_iter().flatten() {
            let header = self.resolved(header);
            match headers.get(name) {
                None if header["required"] == true => faults.push(format!("{name} is missing")),
                None => {}
                Some(value) => {
                    let schema = &header["schema"];
                    let value = self.read(schema, value.to_str().unwrap_or_default());
                    let violations = self.violations(schema, &value).into_iter();
                    faults.extend(violations.map(|violation| format!("{name}: {violation}")));
                }
            }
        }
        faults
    }

    fn body_faults(&self, described: &Value, answer: &Answer<'_>) -> Vec<String> {
        let media_type = answer.headers.get("content-type").and_then(|value| value.to_str().ok());
        let Some(content) = described.as_object() else {
            let is_empty = answer.text.is_empty() && media_type.is_none();
            return if is_empty { Vec::new() } else { vec![String::from("there is a body")] };
        };
        // A page says in which character set it is; JSON has one alone.
        let media_type =
            media_type.map(|media_type| media_type.strip_suffix("; charset=utf-8").unwrap_or(media_type));
        let Some(content) = media_type.and_then(|media_type| content.get(media_type)) else {
            return vec![format!("content-type {media_type:?} is not described")];
        };
        let body = if media_type == Some("application/json") {
            serde_json::from_str(answer.text)
        } else {
            Ok(answer.text.into())
        };
        match body {
            Ok(body) => self.violations(&content["schema"], &body),
            Err(error) => vec![error.to_string()],
        }
    }

    /// What a text outside of JSON means to a schema: a number or a yes or no where it wants one.
    #[must_use]
    pub fn read(&self, schema: &Value, text: &str) -> Value {
        let read = match self.resolved(schema)["type"].as_str() {
            Some("integer") => text.parse::<i64>().ok().map(Value::from),
            Some("boolean") => text.parse::<bool>().ok().map(Value::from),
            _ => None,
        };
        read.unwrap_or_else(|| text.into())
    }
}

/// Which body of `x-fallback` belongs to a path that no operation takes.
fn format(path: &str) -> &'static str {
    match path.strip_prefix("/api/v1/").and_then(|rest| rest.split('/').next()) {
        Some("resources") => "code",
        Some("credentials") => "detail",
        _ => "reason",
    }
}
