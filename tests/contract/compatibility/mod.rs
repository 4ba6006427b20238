//! The API keeps what its last release promised: `api/openapi.yaml` against `api/released.yaml`.
//!
//! Additions pass. Whatever could make a client of the release fail does not, and neither does a change of which this cannot tell.

mod cases;
mod schema;

use serde_json::{Map, Value};
use std::collections::BTreeSet;
use support::description::METHODS;

use crate::repository::read;

/// Which way a value goes: what callers send must be taken as before, what they get must be as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    ToApi,
    FromApi,
}

/// Two documents, and what the new one breaks.
struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    breaks: Vec<String>,
    /// Pairs of named schemas that were compared: each is told of once.
    compared: BTreeSet<(String, String, Way)>,
}

/// What a document breaks that one before it promised, a line each.
fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut comparison = Comparison { old, new, breaks: Vec::new(), compared: BTreeSet::new() };
    comparison.operations();
    for (format, old) in members(&old["x-fallback"]) {
        comparison.responses(&format!("x-fallback {format}"), old, &new["x-fallback"][format.as_str()]);
    }
    for (name, old) in members(&old["components"]["securitySchemes"]) {
        let new = &new["components"]["securitySchemes"][name.as_str()];
        for member in ["type", "scheme", "in", "name"] {
            comparison
                .hold(old.get(member) == new.get(member), || format!("the security scheme {name}: {member}"));
        }
    }
    comparison.breaks
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn texts(list: &Value) -> BTreeSet<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What a part of a document says, with its reference followed and what stands beside it put in.
fn resolved(document: &Value, part: &Value) -> Value {
    let Some(reference) = part["$ref"].as_str() else { return part.clone() };
    let target = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
    let mut target = resolved(document, target.unwrap_or_else(|| panic!("there is no {reference}")));
    for (name, beside) in members(part).filter(|(name, _)| *name != "$ref") {
        target[name.as_str()] = beside.clone();
    }
    target
}

/// The parameters of an operation by place and name.
fn parameters(document: &Value, item: &Value, operation: &Value) -> Map<String, Value> {
    let lists = [&item["parameters"], &operation["parameters"]].map(Value::as_array);
    let parameters = lists.into_iter().flatten().flatten().map(|part| resolved(document, part));
    let name = |parameter: &Value| {
        let text = |member: &str| parameter[member].as_str().unwrap_or_default().to_owned();
        format!("{} {}", text("in"), text("name"))
    };
    parameters.map(|parameter| (name(&parameter), parameter)).collect()
}

impl Comparison<'_> {
    fn hold(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.breaks.push(otherwise());
        }
    }

    fn operations(&mut self) {
        let (old, new) = (self.old, self.new);
        for (path, old) in members(&old["paths"]) {
            let new = &new["paths"][path.as_str()];
            for method in METHODS {
                let place = format!("{} {path}", method.to_uppercase());
                match (old.get(method), new.get(method)) {
                    (Some(_), None) => self.breaks.push(format!("{place} is gone")),
                    (Some(_), Some(_)) => self.operation(&place, method, (old, new)),
                    (None, _) => {}
                }
            }
        }
    }

    fn operation(&mut self, place: &str, method: &str, items: (&Value, &Value)) {
        let (old, new) = (&items.0[method], &items.1[method]);
        self.hold(old["operationId"] == new["operationId"], || format!("{place} has another operationId"));
        for caller in texts(&old["x-access"]).difference(&texts(&new["x-access"])) {
            self.breaks.push(format!("{place} is no longer for {caller}"));
        }
        self.parameters(place, &parameters(self.old, items.0, old), &parameters(self.new, items.1, new));
        self.request(place, &old["requestBody"], &new["requestBody"]);
        self.responses(place, &old["responses"], &new["responses"]);
    }

    fn parameters(&mut self, place: &str, old: &Map<String, Value>, new: &Map<String, Value>) {
        for (name, old) in old {
            let place = format!("{place}, {name}");
            match new.get(name) {
                None => self.breaks.push(format!("{place} is gone")),
                Some(new) => {
                    self.hold(old["required"] == true || new["required"] != true, || {
                        format!("{place} is required")
                    });
                    self.schema(&place, (&old["schema"], &new["schema"]), Way::ToApi);
                }
            }
        }
        for (name, new) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
            self.hold(new["required"] != true, || format!("{place}, {name} is new and required"));
        }
    }

    fn request(&mut self, place: &str, old: &Value, new: &Value) {
        let (old, new) = (resolved(self.old, old), resolved(self.new, new));
        let place = format!("{place}, body");
        self.hold(old["required"] == true || new["required"] != true, || format!("{place} is required"));
        for (media_type, old) in members(&old["content"]) {
            match new["content"].get(media_type) {
                None => self.breaks.push(format!("{place} is no longer {media_type}")),
                Some(new) => self.schema(&place, (&old["schema"], &new["schema"]), Way::ToApi),
            }
        }
    }

    fn responses(&mut self, place: &str, old: &Value, new: &Value) {
        for (status, old) in members(old) {
            let place = format!("{place}, {status}");
            match new.get(status) {
                None => self.breaks.push(format!("{place} is gone")),
                Some(new) => self.response(&place, &resolved(self.old, old), &resolved(self.new, new)),
            }
        }
    }

    fn response(&mut self, place: &str, old: &Value, new: &Value) {
        for (name, old) in members(&old["headers"]) {
            let place = format!("{place}, header {name}");
            let Some(new) = new["headers"].get(name) else {
                self.breaks.push(format!("{place} is gone"));
                continue;
            };
            let (old, new) = (resolved(self.old, old), resolved(self.new, new));
            self.hold(old["required"] != true || new["required"] == true, || {
                format!("{place} may be missing")
            });
            self.schema(&place, (&old["schema"], &new["schema"]), Way::FromApi);
        }
        self.hold(old.get("content").is_some() || new.get("content").is_none(), || {
            format!("{place} has a body")
        });
        for (media_type, old) in members(&old["content"]) {
            match new["content"].get(media_type) {
                None => self.breaks.push(format!("{place} is no longer {media_type}")),
                Some(new) => self.schema(place, (&old["schema"], &new["schema"]), Way::FromApi),
            }
        }
    }
}

#[test]
fn nothing_breaks_that_was_released() {
    let document = |path: &str| serde_yaml_ng::from_str::<Value>(&read(path)).unwrap();
    let broken = breaks(&document("api/released.yaml"), &document("api/openapi.yaml"));
    assert!(
        broken.is_empty(),
        "\napi/openapi.yaml breaks what api/released.yaml promises:\n{}\ndocs/adr/0030 says what to do.",
        broken.join("\n")
    );
}
