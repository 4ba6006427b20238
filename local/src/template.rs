//! Reads `template.yaml`: the functions with their routes, and the table.

use serde_json::{Value as Json, json};
use serde_yaml_ng::{Mapping, Value};

use crate::LocalError;

/// The template that this program was built with.
pub const TEMPLATE: &str = include_str!("../../template.yaml");

/// A route of the API: a method and a path, or what no other route matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `METHOD /path/{parameter}`.
    Exact {
        /// The method.
        method: String,
        /// The path, with parameters in braces. The last one may be greedy: `{rest+}` takes all segments that are left.
        path: String,
    },
    /// `$default`.
    Default,
}

impl Route {
    /// The route as events name it.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Exact { method, path } => format!("{method} {path}"),
            Self::Default => "$default".into(),
        }
    }

    /// Method and path of the requests that the route is for. A greedy variable is there for the slash before it: a function answers
    /// where nothing is left for the variable.
    #[must_use]
    pub fn asked(&self) -> Option<(&str, &str)> {
        let Self::Exact { method, path } = self else { return None };
        let asked = match path.rsplit_once('/') {
            Some((before, last)) if greedy(last).is_some() => path.get(..=before.len()),
            Some(_) | None => Some(path.as_str()),
        };
        Some((method, asked.unwrap_or_default()))
    }
}

/// The name of the greedy variable that a segment of a route is.
pub(crate) fn greedy(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix("+}")
}

/// Refuses what API Gateway takes for no route: it drops a route that ends in `/` from an imported API without a word.
fn check(route: &Route) -> Result<(), String> {
    let Route::Exact { path, .. } = route else { return Ok(()) };
    let before_last = path.rsplit_once('/').map_or("", |(before, _)| before);
    if path.ends_with('/') && path != "/" {
        Err(format!("API Gateway takes no route that ends in /, as {} does", route.key()))
    } else if before_last.split('/').any(|segment| greedy(segment).is_some()) {
        Err(format!("a greedy variable is the last segment of a route, and in {} it is not", route.key()))
    } else {
        Ok(())
    }
}

/// What starts a function that has no route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The table's stream.
    Stream,
    /// A schedule.
    Every {
        /// Seconds from one run to the next.
        seconds: u64,
    },
    /// Messages of a queue.
    Queue,
}

/// A Lambda function.
#[derive(Debug, Clone)]
pub struct Function {
    /// The name in the template, such as `ResourceUpdateFunction`.
    pub logical_id: String,
    /// Where its bootstrap is built.
    pub code_uri: String,
    /// Its routes.
    pub routes: Vec<Route>,
    /// What else starts it.
    pub triggers: Vec<Trigger>,
    /// The actions that its policies allow, such as `dynamodb:Query`.
    pub actions: Vec<String>,
    /// The statements of its policies, as they are.
    pub statements: Vec<Value>,
}

impl Function {
    /// The name of its binary: the last part of `CodeUri`.
    #[must_use]
    pub fn binary(&self) -> &str {
        self.code_uri.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }
}

/// What the template says.
#[derive(Debug, Clone)]
pub struct Template {
    /// Every function, in the order of the file.
    pub functions: Vec<Function>,
    table: Json,
}

impl Template {
    /// Reads the template that this program was built with.
    ///
    /// # Errors
    /// When it is not what this reader expects.
    pub fn built_in() -> Result<Self, LocalError> {
        Self::read(TEMPLATE)
    }

    /// Reads a template.
    ///
    /// # Errors
    /// When it is not what this reader expects.
    pub fn read(yaml: &str) -> Result<Self, LocalError> {
        let template: Value = serde_yaml_ng::from_str(yaml).map_err(LocalError::of("template.yaml"))?;
        let resources = template.get("Resources").and_then(Value::as_mapping);
        let resources = resources.ok_or_else(|| LocalError::new("template.yaml has no Resources"))?;
        let mut functions = Vec::new();
        let mut table = None;
        for (name, resource) in resources {
            let (name, kind) = (name.as_str().unwrap_or_default(), text(resource, "Type"));
            let properties = resource.get("Properties").unwrap_or(&Value::Null);
            match kind.as_str() {
                "AWS::Serverless::Function" => functions.push(function(name, properties, resources)?),
                "AWS::DynamoDB::Table" => table = Some(create_table(properties)?),
                _ => {}
            }
        }
        let table = table.ok_or_else(|| LocalError::new("template.yaml has no table"))?;
        Ok(Self { functions, table })
    }

    /// The same without the table's stream, for those who have no use for it: the embedded engine looks at all records of a
    /// stream at each write.
    #[must_use]
    pub fn without_stream(mut self) -> Self {
        if let Some(members) = self.table.as_object_mut() {
            members.remove("StreamSpecification");
        }
        self
    }

    /// The body of the `CreateTable` call that makes the table under a name.
    #[must_use]
    pub fn create_table(&self, name: &str) -> Json {
        let mut body = self.table.clone();
        if let Some(members) = body.as_object_mut() {
            members.insert("TableName".into(), name.into());
        }
        body
    }
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().into()
}

fn function(name: &str, properties: &Value, resources: &Mapping) -> Result<Function, LocalError> {
    let events = properties.get("Events").and_then(Value::as_mapping);
    let (mut routes, mut triggers) = (Vec::new(), Vec::new());
    for event in events.into_iter().flat_map(|events| events.values()) {
        let kind = text(event, "Type");
        match kind.as_str() {
            "HttpApi" => {
                let route = route(event);
                check(&route).map_err(LocalError::of(format!("template.yaml, {name}")))?;
                routes.push(route);
            }
            "DynamoDB" => triggers.push(Trigger::Stream),
            "SQS" => triggers.push(Trigger::Queue),
            "ScheduleV2" => triggers.push(schedule(event)?),
            _ => return Err(LocalError::new(format!("template.yaml, {name}: an event of the type {kind}"))),
        }
    }
    let policies = properties.get("Policies").and_then(Value::as_sequence).into_iter().flatten();
    let statements: Vec<Value> = policies.flat_map(|policy| statements(policy, resources)).cloned().collect();
    let actions = statements.iter().filter_map(|statement| statement.get("Action")?.as_sequence()).flatten();
    let actions = actions.filter_map(|action| action.as_str().map(String::from)).collect();
    Ok(Function {
        logical_id: name.into(),
        code_uri: text(properties, "CodeUri"),
        routes,
        triggers,
        actions,
        statements,
    })
}

/// The statements of a policy that stands in a function or is named by it. Those that have a condition of the stack are left out: they allow
/// reading secrets, which no local function does.
fn statements<'t>(policy: &'t Value, resources: &'t Mapping) -> impl Iterator<Item = &'t Value> {
    let named =
        policy.as_str().and_then(|name| resources.get(name)?.get("Properties")?.get("PolicyDocument"));
    let document = named.unwrap_or(policy);
    let statements = document.get("Statement").and_then(Value::as_sequence).into_iter().flatten();
    statements.filter(|statement| statement.is_mapping())
}

fn route(event: &Value) -> Route {
    let properties = event.get("Properties").unwrap_or(&Value::Null);
    let (method, path) = (text(properties, "Method"), text(properties, "Path"));
    if path.is_empty() { Route::Default } else { Route::Exact { method, path } }
}

/// `rate(1 minute)`, `rate(2 hours)`.
fn schedule(event: &Value) -> Result<Trigger, LocalError> {
    let expression = event.get("Properties").map(|of| text(of, "ScheduleExpression")).unwrap_or_default();
    let rate = expression.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')'));
    let (count, unit) = rate.and_then(|rate| rate.split_once(' ')).unwrap_or_default();
    let unit = match unit {
        "minute" | "minutes" => Some(60),
        "hour" | "hours" => Some(3600),
        _ => None,
    };
    let seconds = unit.zip(count.parse::<u64>().ok()).map(|(unit, count)| unit * count);
    let trigger = seconds.map(|seconds| Trigger::Every { seconds });
    trigger.ok_or_else(|| LocalError::new(format!("template.yaml: the schedule {expression:?}")))
}

/// CloudFormation's properties of a table and the members of `CreateTable` have the same names, but for the stream.
fn create_table(properties: &Value) -> Result<Json, LocalError> {
    let mut body = json!({});
    for name in
        ["BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "StreamSpecification"]
    {
        let value = properties.get(name).cloned().unwrap_or_default();
        let value: Json =
            serde_yaml_ng::from_value(value).map_err(LocalError::of("template.yaml, the table"))?;
        if let (false, Some(members)) = (value.is_null(), body.as_object_mut()) {
            members.insert(name.into(), value);
        }
    }
    if let Some(stream) = body.get_mut("StreamSpecification").and_then(Json::as_object_mut) {
        stream.insert("StreamEnabled".into(), true.into());
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str) -> Route {
        Route::Exact { method: "GET".into(), path: path.into() }
    }

    #[test]
    fn a_greedy_variable_stands_for_the_slash_before_it() {
        for (path, asked) in [("/a", "/a"), ("/a/{id}", "/a/{id}"), ("/a/{id}/{rest+}", "/a/{id}/")] {
            assert_eq!(route(path).asked(), Some(("GET", asked)));
            assert_eq!(route(path).key(), format!("GET {path}"));
        }
        assert_eq!(Route::Default.asked(), None);
    }

    #[test]
    fn what_is_no_route_at_aws_is_refused() {
        let template = |path: &str| {
            let route = format!("{{Type: HttpApi, Properties: {{Method: GET, Path: \"{path}\"}}}}");
            let function =
                format!("{{Type: AWS::Serverless::Function, Properties: {{Events: {{Route: {route}}}}}}}");
            let table = "{Type: AWS::DynamoDB::Table, Properties: {}}";
            Template::read(&format!("{{Resources: {{AFunction: {function}, Table: {table}}}}}"))
        };
        for good in ["/", "/a", "/a/{id}", "/a/{rest+}"] {
            assert!(template(good).is_ok(), "{good}");
        }
        for bad in ["/a/", "//", "/a/{id}/", "/a/{rest+}/", "/a/{rest+}/b"] {
            assert!(template(bad).is_err(), "{bad}");
        }
    }
}
