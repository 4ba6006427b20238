//! Bodies at the edges of their schemas.

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use model::session::SessionLimits;
use serde_json::{Value, json};
use support::description::{DESCRIPTION, Operation};
use support::{Client, Reply, Setup, TestApp};

use super::candidates::{self, properties};
use super::{Shown, Verdict};
use crate::examples::{at_home, of_request, ready, written};
use crate::repository::assert_nothing_wrong;
use support::objects::Objects;
use support::objects::open_the_cloud;

const JSON: &str = "application/json";

/// Valid bodies that are refused for the state of things, and in which words.
const STATES: [&str; 8] = [
    "The body must have at most 262144 bytes",
    "A new value is required when credential_type becomes",
    // What the type of a credential cannot use: the schema of the value does not know the type.
    "must be a JSON object with",
    "must be a text without spaces",
    "must be the ARN of a role",
    "A new value is required to make a sensitive credential readable",
    "object does not exist",
    // How long a session may be is the caller's limit, and no number of the description's.
    "must not be longer than",
];

/// Bodies that are taken although the schema does not know them: an IPv4 address as IPv6 writes it (docs/api.md).
const TAKEN: [&str; 1] = [r#""ipv4Address":"::ffff:8.8.8.8""#];

/// Members that are sent without another one.
const APART: [(&str, &str); 3] = [
    ("durationMinutes", "durationHours"),
    ("additionalHours", "additionalMinutes"),
    // Without a type a value may be anything.
    ("value", "credential_type"),
];

/// A body, and which member of the example was replaced by what.
struct Body {
    json: Value,
    member: Option<(String, Value)>,
}

/// Bodies like an example: without a member, with another value of one, with a member that nobody knows.
fn bodies(schema: &Value, example: &Value, media_type: &str) -> Vec<Body> {
    let mut bodies = vec![Body { json: example.clone(), member: None }];
    let with = |name: &str, value: Value| {
        let mut json = example.clone();
        json[name] = value;
        for (_, other) in APART.iter().filter(|(one, _)| *one == name) {
            json.as_object_mut().unwrap().shift_remove(*other);
        }
        json
    };
    for (name, schema) in properties(schema) {
        let is_read_only = schema["$ref"] == "#/components/schemas/ReadOnly";
        let is_brief = media_type != JSON || is_read_only;
        let values = if is_brief { candidates::at_limits(&schema) } else { candidates::of(&schema) };
        for value in values {
            bodies.push(Body { json: with(&name, value.clone()), member: Some((name.clone(), value)) });
        }
        let mut without = example.clone();
        without.as_object_mut().unwrap().shift_remove(&name);
        bodies.push(Body { json: without, member: None });
    }
    bodies.push(Body { json: with("nobodyKnowsIt", json!(1)), member: None });
    let others = [json!({}), json!(null), json!([]), json!("text"), json!(1), json!([example])];
    bodies.extend(others.map(|json| Body { json, member: None }));
    bodies
}

/// An operation's requests of one media type.
struct Edge<'a> {
    app: &'a TestApp,
    admin: Client,
    operation: &'a Operation,
    media_type: String,
    objects: Objects,
}

impl<'a> Edge<'a> {
    async fn new(app: &'a TestApp, operation: &'a Operation, media_type: &str) -> Self {
        let admin = app.admin();
        let objects = ready(app, &admin, operation).await;
        Self { app, admin, operation, media_type: media_type.into(), objects }
    }

    async fn send(&self, body: &Value) -> Reply {
        let (media_type, bytes) = written(&self.media_type, body);
        let path = self.objects.path(&self.operation.path);
        self.admin.send(&self.operation.method, &path, Some(&media_type), bytes).await
    }

    /// Undoes what an accepted request did, as far as the next one would stumble over it.
    async fn clear(&mut self, reply: &Reply) {
        let path = self.operation.path.trim_start_matches("/api/v1").trim_end_matches('/');
        let id = reply.json["id"].as_str().unwrap_or_default();
        match (self.operation.method.as_str(), path) {
            ("POST", "/roles" | "/users" | "/credentials" | "/resources" | "/api-keys") => {
                let escaped = |byte: u8| if byte == b'/' { "%252F".into() } else { format!("%{byte:02X}") };
                let id: String = id.bytes().map(escaped).collect();
                let _ = self.admin.delete(&format!("{path}/{id}")).await.expect(204);
            }
            ("POST", "/sessions") => {
                let _ = self.admin.post_empty(&format!("/sessions/{id}/stop")).await.expect(200);
            }
            ("POST", _) => {
                self.objects = ready(self.app, &self.admin, self.operation).await;
            }
            _ => {}
        }
    }
}

/// A body can be written as a form when all its members are texts.
fn is_form(body: &Value) -> bool {
    body.as_object().is_some_and(|members| members.values().all(Value::is_string))
}

/// Where code and description disagree about the bodies of an operation.
async fn disagreements(operation: &Operation) -> Vec<String> {
    let longest = 2 * 527_040;
    let sessions = SessionLimits { default_minutes: 60, max_minutes: longest, per_person: 20 };
    let app = TestApp::with_setup(Setup { sessions, ..Setup::default() }).await;
    open_the_cloud(&app);
    let (mut wrong, mut sent) = (Vec::new(), 0);
    for (media_type, content) in DESCRIPTION.bodies(operation) {
        let mut edge = Edge::new(&app, operation, &media_type).await;
        let mut examples = of_request(operation).into_iter().filter(|(of, _)| *of == media_type);
        let (_, example) = examples.next_back().unwrap();
        let (schema, mut shown) = (&content["schema"], Shown::default());
        let place = |name: &str| format!("{} {media_type} {name}", operation.route());
        for body in bodies(schema, &at_home(&example, &edge.objects), &media_type) {
            if media_type != JSON && !is_form(&body.json) {
                continue;
            }
            let reply = edge.send(&body.json).await;
            sent += 1;
            let verdict = verdict(&reply);
            let is_valid = DESCRIPTION.allows(schema, &body.json);
            let is_state = STATES.iter().any(|words| reply.text.contains(words));
            let json = body.json.to_string();
            let is_excused =
                if is_valid { is_state } else { TAKEN.iter().any(|member| json.contains(member)) };
            if is_valid != (verdict == Verdict::Taken) && !is_excused {
                let json = json.chars().take(300).collect::<String>();
                let says = DESCRIPTION.violations(schema, &body.json);
                wrong.push(format!("{}: {json} is {} {}; {says:?}", place(""), reply.status, reply.text));
            }
            if let Some((name, value)) = &body.member {
                shown.note(name, &properties(schema)[name], value, verdict);
            }
            if reply.status.is_success() {
                edge.clear(&reply).await;
            }
        }
        for (name, schema) in properties(schema) {
            wrong.extend(shown.missing(&name, &schema).into_iter().map(|missing| place(&missing)));
        }
    }
    println!("{}: {sent} bodies", operation.route());
    wrong
}

/// 404 is a value that could name something, and 412 an `expectedExpiresAt` that could be right. What is longer than a body may be is
/// 413.
fn verdict(reply: &Reply) -> Verdict {
    match reply.status.as_u16() {
        200..=299 | 404 | 412 => Verdict::Taken,
        400 | 413 => Verdict::Refused,
        _ => panic!("{reply:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn code_and_description_take_the_same_bodies() {
    let with_body =
        DESCRIPTION.operations().iter().filter(|operation| operation.says.get("requestBody").is_some());
    let looks = with_body.map(|operation| tokio::spawn(disagreements(operation)));
    let said =
        |look: Result<Vec<_>, tokio::task::JoinError>| look.unwrap_or_else(|panic| vec![panic.to_string()]);
    let wrong: Vec<_> = iter(looks).buffer_unordered(2).map(said).collect().await;
    assert_nothing_wrong(&wrong.concat());
}
