//! The API's description, `api/openapi.yaml`: every answer of every test must be one that it allows.

mod answer;

pub(crate) use answer::Answer;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

/// What an item of `paths` may have as operations.
pub const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The description as it is in the repository.
pub static DESCRIPTION: LazyLock<Description> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/openapi.yaml");
    let text = std::fs::read_to_string(file).expect("api/openapi.yaml");
    Description::of(serde_yaml_ng::from_str(&text).expect("YAML"))
});

/// A document of OpenAPI 3.1.
pub struct Description {
    document: Value,
    operations: Vec<Operation>,
    /// By the text of the schema: compiled when it is first asked for.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// A method of a path.
#[derive(Debug, Clone)]
pub struct Operation {
    /// In upper case.
    pub method: String,
    /// As it is in the document, such as `/api/v1/roles/{id}`.
    pub path: String,
    /// What the document says of it.
    pub says: Value,
    /// Its parameters, those of its path first; without references.
    pub parameters: Vec<Value>,
}

impl Operation {
    /// Method and path, such as `GET /api/v1/roles/{id}`.
    #[must_use]
    pub fn route(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// What it is called.
    #[must_use]
    pub fn id(&self) -> &str {
        self.says["operationId"].as_str().expect("an operationId")
    }

    /// The statuses that it may answer.
    #[must_use]
    pub fn statuses(&self) -> Vec<u16> {
        let statuses = self.says["responses"].as_object().expect("responses");
        statuses.keys().map(|status| status.parse().expect("a status")).collect()
    }

    /// How many parameters of the path match a path; nothing where it is another path.
    fn matches(&self, path: &str) -> Option<usize> {
        let (wanted, found) = (self.path.split('/'), path.split('/'));
        if wanted.clone().count() != found.clone().count() {
            return None;
        }
        let mut parameters = 0;
        for (wanted, found) in wanted.zip(found) {
            if wanted.starts_with('{') && !found.is_empty() {
                parameters += 1;
            } else if wanted != found {
                return None;
            }
        }
        Some(parameters)
    }
}

impl Description {
    /// Reads a document.
    #[must_use]
    pub fn of(document: Value) -> Self {
        let mut description =
            Self { document, operations: Vec::new(), validators: Mutex::new(HashMap::new()) };
        description.operations = description.read_operations();
        description
    }

    fn read_operations(&self) -> Vec<Operation> {
        let mut operations = Vec::new();
        for (path, item) in self.document["paths"].as_object().expect("paths") {
            for method in METHODS {
                let Some(says) = item.get(method) else { continue };
                let parameters = [&item["parameters"], &says["parameters"]];
                let parameters = parameters.into_iter().filter_map(Value::as_array).flatten();
                operations.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    says: says.clone(),
                    parameters: parameters.map(|parameter| self.resolved(parameter).clone()).collect(),
                });
            }
        }
        operations
    }

    /// All operations, in the order of the document.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The whole document.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The operation that takes a request: the one with the fewest parameters where several match.
    #[must_use]
    pub fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        let of_method = self.operations.iter().filter(|operation| operation.method == method);
        of_method
            .filter_map(|operation| Some((operation.matches(path)?, operation)))
            .min_by_key(|(parameters, _)| *parameters)
            .map(|(_, operation)| operation)
    }

    /// What a part of the document says, with its reference followed. Members beside the reference are left out.
    #[must_use]
    pub fn resolved<'a>(&'a self, part: &'a Value) -> &'a Value {
        let mut part = part;
        while let Some(reference) = part["$ref"].as_str() {
            let pointer = reference.strip_prefix('#').expect("a reference within the document");
            part = self.document.pointer(pointer).unwrap_or_else(|| panic!("there is no {reference}"));
        }
        part
    }

    /// What is wrong with a value under a schema of the document, a line each.
    #[must_use]
    pub fn violations(&self, schema: &Value, value: &Value) -> Vec<String> {
        let validator = self.validator(schema);
        let line = |error: jsonschema::ValidationError<'_>| {
            let (place, message) = (error.instance_path().to_string(), error.to_string());
            format!("{place}: {}", message.chars().take(300).collect::<String>())
        };
        validator.iter_errors(value).map(line).collect()
    }

    /// Whether a value is valid under a schema of the document.
    #[must_use]
    pub fn allows(&self, schema: &Value, value: &Value) -> bool {
        self.validator(schema).is_valid(value)
    }

    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let mut validators = self.validators.lock().expect("no validator panics");
        let build = || {
            let whole = json!({
                "allOf": [schema], "components": {"schemas": self.document["components"]["schemas"]},
            });
            let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
            Arc::new(options.build(&whole).unwrap_or_else(|error| panic!("{schema}: {error}")))
        };
        Arc::clone(validators.entry(schema.to_string()).or_insert_with(build))
    }

    /// The schemas of an operation's body by media type; none where it takes no body.
    #[must_use]
    pub fn bodies(&self, operation: &Operation) -> Map<String, Value> {
        let content = &self.resolved(&operation.says["requestBody"])["content"];
        content.as_object().cloned().unwrap_or_default()
    }
}
