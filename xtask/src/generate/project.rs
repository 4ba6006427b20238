//! What the files are generated from.

use serde_yaml_ng::Value;
use std::collections::BTreeMap;

use crate::failure::Failure;

const LIBRARY: &str = "functions/lib.rs";
const TEMPLATE: &str = "template.yaml";
const DESCRIPTION: &str = "api/openapi.yaml";

/// The methods of an OpenAPI path that are operations, in the order of the tables.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// The functions and the operations of the API.
#[derive(Debug)]
pub(crate) struct Project {
    /// In the order of `functions/lib.rs`.
    pub(crate) functions: Vec<Function>,
    /// In the order of the description.
    pub(crate) operations: Vec<Operation>,
}

/// A Lambda function.
#[derive(Debug)]
pub(crate) struct Function {
    /// Such as `role-get`.
    pub(crate) name: String,
    /// Such as `role_get`.
    pub(crate) folder: String,
    /// Whether a stream, a schedule or a queue starts it.
    pub(crate) is_worker: bool,
    /// Method and path of each of its requests, as a client sends them.
    pub(crate) routes: Vec<(String, String)>,
}

/// An operation of the API description.
#[derive(Debug)]
pub(crate) struct Operation {
    /// What it is about, such as `Roles`.
    pub(crate) tag: String,
    pub(crate) method: String,
    /// With the base path.
    pub(crate) path: String,
    /// The statuses of its successes.
    pub(crate) successes: Vec<String>,
    /// Who may call it: `x-access`.
    pub(crate) access: Vec<String>,
}

impl Project {
    /// Reads the sources.
    pub(crate) fn read(read: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let file = |name: &str| read(name).ok_or_else(|| format!("there is no {name}"));
        let routes = routes(&yaml(TEMPLATE, &file(TEMPLATE)?)?);
        let library = file(LIBRARY)?;
        let folders = library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
        let functions = folders.filter_map(|folder| {
            let source = read(&format!("functions/{folder}/mod.rs"))?;
            let name = folder.replace('_', "-");
            let routes = routes.get(&name).cloned().unwrap_or_default();
            source.contains("pub async fn handler(").then(|| Function {
                is_worker: source.contains("pub fn worker() -> Worker"),
                folder: folder.into(),
                name,
                routes,
            })
        });
        let functions = functions.collect();
        let operations = operations(&yaml(DESCRIPTION, &file(DESCRIPTION)?)?);
        Ok(Self { functions, operations })
    }
}

fn yaml(file: &str, text: &str) -> Result<Value, Failure> {
    serde_yaml_ng::from_str(text).map_err(|error| format!("{file}: {error}"))
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().into()
}

fn members<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = (&'v str, &'v Value)> {
    let members = value.get(name).and_then(Value::as_mapping);
    members.into_iter().flatten().filter_map(|(name, value)| Some((name.as_str()?, value)))
}

fn texts(value: &Value, name: &str) -> Vec<String> {
    let texts = value.get(name).and_then(Value::as_sequence);
    texts.into_iter().flatten().filter_map(Value::as_str).map(String::from).collect()
}

/// The routes of each function of the template, by the name of its binary.
fn routes(template: &Value) -> BTreeMap<String, Vec<(String, String)>> {
    let mut routes = BTreeMap::new();
    for (_, resource) in members(template, "Resources") {
        let Some(properties) = resource.get("Properties") else { continue };
        if text(resource, "Type") != "AWS::Serverless::Function" {
            continue;
        }
        let events = members(properties, "Events").filter(|(_, event)| text(event, "Type") == "HttpApi");
        let events = events.filter_map(|(_, event)| event.get("Properties"));
        let requests = events.map(|event| (text(event, "Method"), asked(&text(event, "Path"))));
        let requests: Vec<_> = requests.filter(|(_, path)| !path.is_empty()).collect();
        let code = text(properties, "CodeUri");
        let name = code.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        routes.insert(name.to_owned(), requests);
    }
    routes
}

/// The path that clients send. The gateway takes no route that ends in a slash: a greedy variable stands for it.
fn asked(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((before, last)) if last.ends_with("+}") => format!("{before}/"),
        _ => path.to_owned(),
    }
}

fn operations(description: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, methods) in members(description, "paths") {
        for method in METHODS {
            let Some(operation) = methods.get(method.to_lowercase()) else { continue };
            let statuses = members(operation, "responses").map(|(status, _)| status.to_owned());
            operations.push(Operation {
                tag: texts(operation, "tags").into_iter().next().unwrap_or_default(),
                method: method.into(),
                path: path.into(),
                successes: statuses.filter(|status| status.starts_with('2')).collect(),
                access: texts(operation, "x-access"),
            });
        }
    }
    operations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greedy_variable_is_a_slash_at_the_end() {
        assert_eq!(asked("/api/v1/credentials/{id}/{rest+}"), "/api/v1/credentials/{id}/");
        assert_eq!(asked("/api/v1/roles/{id}"), "/api/v1/roles/{id}");
    }
}
