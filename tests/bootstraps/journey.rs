//! One walk through all functions, each in a process of its own, over one table.

use local::aws::LocalAws;
use local::template::Template;
use serde_json::Value;
use serde_yaml_ng::Value as Yaml;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use support::lambda::{Bootstrap, Program, administrator, filled_event, settings};

pub(crate) const TABLE: &str = "postern";

/// The functions, and what their answers have taught so far.
pub(crate) struct Journey {
    functions: BTreeMap<&'static str, Bootstrap>,
    /// One name for each invocation.
    invoked: Vec<String>,
    /// What stands in the events' `{{placeholders}}`.
    known: HashMap<&'static str, String>,
    /// Runs in this process, for as long as the journey lasts.
    _cloud: LocalAws,
}

/// What API Gateway would send to the caller.
pub(crate) struct Answer {
    /// The body; null when there is none.
    pub(crate) body: Value,
    /// The body as it was sent.
    pub(crate) text: String,
}

impl Journey {
    /// Starts every function.
    pub(crate) async fn begin(test: &str) -> Self {
        let cloud = LocalAws::in_memory().await.expect("an embedded cloud");
        cloud.ensure_table(&Template::built_in().expect("the template"), TABLE).expect("the table");
        let mut functions = BTreeMap::new();
        let workers = functions::workers().into_iter().map(|(name, _)| name);
        for name in functions::all().into_iter().map(|(name, _)| name).chain(workers) {
            let program = Program::built(name, &logs(test));
            let bootstrap = Bootstrap::start(program, &settings(name, cloud.endpoint(), TABLE)).await;
            functions.insert(name, bootstrap);
        }
        let known = HashMap::from([("token", administrator(3600)), ("org", support::ORG.into())]);
        Self { functions, invoked: Vec::new(), known, _cloud: cloud }
    }

    /// Fills in a placeholder of the events to come.
    pub(crate) fn apply(&mut self, placeholder: &'static str, answer: &Answer) {
        let id = answer.body["id"].as_str().expect("an id");
        self.known.insert(placeholder, id.into());
    }

    /// What stands in a placeholder.
    pub(crate) fn known(&self, placeholder: &str) -> &str {
        &self.known[placeholder]
    }

    /// Invokes a function with its recorded event. The answer must have this status and the event's request id.
    pub(crate) async fn invoke(&mut self, name: &str, status: u16) -> Answer {
        let event = filled_event(name, &self.known);
        let request: Value = serde_json::from_str(&event).expect("an event in JSON");
        let response = self.functions.get_mut(name).expect("a function").invoke(event).await;
        self.invoked.push(name.into());
        assert_eq!(response["statusCode"], status, "{name}: {response}");
        assert_eq!(response["headers"]["x-request-id"], request["requestContext"]["requestId"], "{name}");
        let is_packed = response["headers"]["content-encoding"] == "gzip";
        assert_eq!(response["isBase64Encoded"], is_packed, "{name}");
        let text = response["body"].as_str().unwrap_or_default().to_owned();
        let is_json = !text.is_empty() && !is_packed;
        let body = if is_json { serde_json::from_str(&text).expect("a body in JSON") } else { Value::Null };
        Answer { body, text }
    }

    /// Fills in a placeholder of the events to come with a text.
    pub(crate) fn learn_text(&mut self, placeholder: &'static str, text: &str) {
        self.known.insert(placeholder, text.into());
    }

    /// Wakes a function that nobody calls with its recorded event.
    pub(crate) async fn wake(&mut self, name: &str) -> Value {
        let event = filled_event(name, &self.known);
        self.invoked.push(name.into());
        self.functions.get_mut(name).expect("a function").invoke(event).await
    }

    /// Invokes the functions that have answered nobody yet and that no later step invokes. Each must answer with its first success in the
    /// description.
    pub(crate) async fn invoke_the_rest(&mut self, later: &[&str]) {
        let is_left = |name: &&str| !later.contains(name) && !self.invoked.iter().any(|known| known == name);
        let left: Vec<_> = functions::all().into_iter().map(|(name, _)| name).filter(is_left).collect();
        for name in left {
            let _ = self.invoke(name, first_success(name)).await;
        }
    }

    /// Ends the processes, which must all have been invoked, must have nothing more to say, and must have logged one
    /// line for each request. Their logs.
    pub(crate) fn end(mut self) -> String {
        for (name, function) in &mut self.functions {
            let invocations = self.invoked.iter().filter(|invoked| invoked == name).count();
            assert_ne!(invocations, 0, "{name} was never invoked");
            function.assert_idle();
            let log = function.log();
            if functions::workers().iter().any(|(worker, _)| worker == name) {
                continue;
            }
            let requests = log.lines().filter(|line| line.contains(r#""message":"request"#));
            assert_eq!(requests.count(), invocations, "{name} logged\n{log}");
        }
        self.functions.values().map(Bootstrap::log).collect()
    }
}

/// The first success of an operation in the description.
fn first_success(name: &str) -> u16 {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/openapi.yaml");
    let description = std::fs::read_to_string(file).expect("the description");
    let description: Yaml = serde_yaml_ng::from_str(&description).expect("YAML");
    let paths = description["paths"].as_mapping().expect("paths").values();
    let operations = paths.filter_map(Yaml::as_mapping).flat_map(|methods| methods.values());
    let mut own = operations.filter(|operation| operation.get("operationId").is_some_and(|id| id == name));
    let responses =
        own.next().and_then(|operation| operation["responses"].as_mapping()).expect("an operation");
    let mut statuses = responses.keys().filter_map(Yaml::as_str).filter(|status| status.starts_with('2'));
    statuses.next().and_then(|status| status.parse().ok()).expect("a success")
}

/// Where the functions of a test log to.
pub(crate) fn logs(test: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(test)
}
