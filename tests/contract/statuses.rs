//! Every status that the API's description lists can be had: [`TestApp`]'s callers fail where an answer is not described, and
//! here is what provokes each that is.

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use http::StatusCode;
use local::gateway::TrailingSlash;
use model::principal::ORG_ADMIN;
use model::rate::RateLimit;
use serde_json::{Value, json};
use support::description::{DESCRIPTION, Operation};
use support::objects::{NOTHING, Objects, body, objects, open_the_cloud};
use support::{ADMIN, Client, FaultProxy, ORG, Reply, Setup, TestApp, Trouble};

use crate::repository::assert_nothing_wrong;

/// Operations that are looked at side by side.
const AT_ONCE: usize = 2;
/// More calls than anybody repeats one.
const LASTING: usize = 100;
/// A byte more than a body, and more than path and query may have.
const TOO_LARGE: usize = 256 * 1024 + 1;
const TOO_LONG: usize = 8192;

/// What no request brings about: a function that touches nothing breaks by a defect alone, which `tests/api/formats.rs` plants.
const DEFECTS_ALONE: [(&str, u16); 3] = [("health", 500), ("docs-get", 500), ("openapi-get", 500)];

/// A request that succeeds as it is.
struct Good<'a> {
    app: &'a TestApp,
    operation: &'a Operation,
    caller: Client,
    path: String,
    body: Option<Value>,
}

impl<'a> Good<'a> {
    async fn new(app: &'a TestApp, operation: &'a Operation, number: usize) -> Self {
        let caller = app.admin();
        let (method, route) = (&operation.method, &operation.path);
        let objects = objects(app, &caller, method, route).await;
        let body = match operation.id() {
            "session-start" => Some(json!({"resourceIds": [objects.resource()]})),
            _ => body(&caller, method, route, number).await,
        };
        if operation.id() == "session-start" {
            let path = format!("/resources/{}", objects.resource());
            let _ = caller.patch(&path, json!({"isActive": true})).await.expect(200);
        }
        Self { app, operation, caller, path: objects.path(route), body }
    }

    async fn send(&self) -> Reply {
        let text = self.body.as_ref().map(Value::to_string);
        self.send_body("application/json", text).await
    }

    async fn send_body(&self, media_type: &str, text: Option<String>) -> Reply {
        let media_type = text.as_ref().map(|_| media_type);
        let text = text.unwrap_or_default().into_bytes();
        self.caller.send(&self.operation.method, &self.path, media_type, text).await
    }

    /// The same to a path with a query.
    fn asking(self, query: &str) -> Self {
        Self { path: format!("{}?{query}", self.path), ..self }
    }

    fn by(self, caller: Client) -> Self {
        Self { caller, ..self }
    }

    fn with_header(self, name: &str, value: &str) -> Self {
        let caller = self.caller.with_header(name, value);
        self.by(caller)
    }

    fn has_parameter(&self, name: &str) -> bool {
        self.operation.parameters.iter().any(|parameter| parameter["name"] == name)
    }

    /// A request that is answered with a status.
    async fn provoke(self, status: u16) -> Reply {
        match status {
            202 => self.of_running_session().await.asking("drain=true").send().await,
            200..=299 => self.send().await,
            400 => self.malformed().await,
            401 => Self { caller: self.app.anonymous(), ..self }.send().await,
            403 => self.forbidden().await,
            404 => self.about_nothing().send().await,
            412 => self.with_header("if-match", "\"stale\"").send().await,
            413 => self.send_body("application/json", Some(" ".repeat(TOO_LARGE))).await,
            414 => self.asking(&"x".repeat(TOO_LONG)).send().await,
            415 => self.send_body("text/plain", Some("text".into())).await,
            429 => self.too_often().await,
            431 => self.with_header("x-large", &"x".repeat(10_240)).send().await,
            500 => self.broken().await,
            503 => {
                let reply = self.meeting(|proxy| proxy.trouble_after(0, Trouble::Throttle, LASTING)).await;
                self.app.proxy.no_more_trouble();
                reply
            }
            _ => panic!("statuses.rs: nothing provokes {status} of {}", self.operation.route()),
        }
    }

    async fn of_running_session(self) -> Self {
        let mut objects = Objects::new(self.app, &self.caller, "Drained").await;
        objects.run_session(self.app, &self.caller).await;
        let path = objects.path(&self.operation.path);
        Self { path, ..self }
    }

    /// The first thing that can be wrong with a request.
    async fn malformed(self) -> Reply {
        if self.operation.says.get("requestBody").is_some() {
            self.send_body("application/json", Some("{".into())).await
        } else if self.has_parameter("is_sensitive") {
            self.asking("is_sensitive=perhaps").send().await
        } else if self.has_parameter("limit") {
            self.asking("limit=0").send().await
        } else if self.has_parameter("If-Match") {
            self.with_header("if-match", "no tag").send().await
        } else if self.has_parameter("Idempotency-Key") {
            self.with_header("idempotency-key", "with a space").send().await
        } else {
            self.asking("unknown=1").send().await
        }
    }

    async fn forbidden(self) -> Reply {
        let away = self.app.bearer(&self.app.token("away", ORG, &["USER"]));
        let admin = self.app.admin();
        if admin.get("/users/away").await.status == StatusCode::NOT_FOUND {
            admin.new_user("away").await;
            let _ = admin.patch("/users/away", json!({"isActive": false})).await.expect(200);
        }
        self.by(away).send().await
    }

    fn about_nothing(self) -> Self {
        match self.operation.id() {
            "resource-create" => Self { body: Some(support::resource_body(NOTHING)), ..self },
            "session-start" => Self { body: Some(json!({"resourceIds": [NOTHING]})), ..self },
            "credential-list" | "credential-list-slashless" => self.asking("page=1000"),
            _ => {
                let path = Objects::of_nothing().path(&self.operation.path);
                Self { path, ..self }
            }
        }
    }

    /// The second request of somebody who may ask once a minute.
    async fn too_often(self) -> Reply {
        let twin = self.app.twin(Setup { rate: RateLimit::new(1, 1), ..Setup::default() });
        let caller = twin.client(&self.app.token(ADMIN, ORG, &[ORG_ADMIN]));
        let _ = caller.get("/me").await;
        self.by(caller).send().await
    }

    /// A request whose first call to the table is one that nobody may make.
    async fn broken(self) -> Reply {
        let denied = json!({"__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException"});
        let deny = |proxy: &FaultProxy| {
            for operation in ["BatchGetItem", "GetItem", "Query", "TransactWriteItems"] {
                proxy.fail_next(operation, 400, &denied);
            }
        };
        self.meeting(deny).await
    }

    /// A request whose calls meet with trouble. A token is checked without a call. A function without a call of its own is asked with an
    /// API key, which takes one.
    async fn meeting(&self, trouble: impl Fn(&FaultProxy)) -> Reply {
        trouble(&self.app.proxy);
        let reply = self.send().await;
        if !reply.status.is_success() {
            return reply;
        }
        let key = format!("pst_GPXmAhizavrUuoXNn3tzeA{}.{ORG}", "A".repeat(43));
        let caller = self.app.caller(&[("x-api-key", &key)]);
        caller.send(&self.operation.method, &self.path, None, Vec::new()).await
    }
}

/// What is wrong with the statuses of an operation. What breaks the table comes last.
async fn statuses_of(operation: &Operation) -> Vec<String> {
    let app = TestApp::new().await;
    open_the_cloud(&app);
    let mut wrong = Vec::new();
    let mut statuses = operation.statuses();
    statuses.retain(|status| !DEFECTS_ALONE.contains(&(operation.id(), *status)));
    statuses.sort_by_key(|status| *status == 500);
    for (number, status) in statuses.into_iter().enumerate() {
        let reply = Good::new(&app, operation, number).await.provoke(status).await;
        if reply.status.as_u16() != status {
            let (route, found) = (operation.route(), reply.status.as_u16());
            wrong.push(format!("{route}: {found} where {status} was provoked: {}", reply.text));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_described_status_of_every_operation_can_be_had() {
    let looks = DESCRIPTION.operations().iter().map(|operation| tokio::spawn(statuses_of(operation)));
    let wrong: Vec<_> = iter(looks).buffer_unordered(AT_ONCE).map(Result::unwrap).collect().await;
    assert_nothing_wrong(&wrong.concat());
}

/// What each operation must say of itself, whether anything was provoked or not.
#[test]
fn every_operation_lists_what_its_inputs_can_lead_to() {
    let mut wrong = Vec::new();
    for operation in DESCRIPTION.operations() {
        let statuses = operation.statuses();
        let named = |place: &str| operation.parameters.iter().any(|parameter| parameter["in"] == place);
        let has_tag = operation.parameters.iter().any(|parameter| parameter["name"] == "If-Match");
        let is_open = operation.says["x-access"] == json!(["anyone"]);
        let has_body = operation.says.get("requestBody").is_some();
        let owed = [
            (400, !is_open),
            (401, !is_open),
            (403, !is_open),
            (404, named("path")),
            (412, has_tag),
            (413, has_body),
            (415, has_body),
            (414, true),
            (429, !is_open),
            (431, true),
            (500, true),
            (503, !is_open),
        ];
        for (status, is_owed) in owed {
            if statuses.contains(&status) != is_owed && !(status == 404 && statuses.contains(&404)) {
                wrong.push(format!("{}: {status}", operation.route()));
            }
        }
        if !statuses.iter().any(|status| (200..300).contains(status)) {
            wrong.push(format!("{}: no success", operation.route()));
        }
    }
    assert_nothing_wrong(&wrong);
}

/// Requests that no operation takes, a path for each format.
const UNROUTED: [(&str, &str); 3] =
    [("code", "/api/v1/resources"), ("detail", "/api/v1/credentials/"), ("reason", "/api/v1/roles")];

#[tokio::test]
async fn every_described_status_of_the_fallback_can_be_had() {
    let mut wrong = Vec::new();
    for (format, known) in UNROUTED {
        let statuses = DESCRIPTION.document()["x-fallback"][format].as_object().unwrap().keys().cloned();
        let operation = Operation {
            method: "PUT".into(),
            path: known.into(),
            says: json!({"operationId": "fallback"}),
            parameters: Vec::new(),
        };
        for status in statuses.map(|status| status.parse::<u16>().unwrap()) {
            let slash = TrailingSlash::Fallback;
            let app = TestApp::with_setup(Setup { slash, ..Setup::default() }).await;
            let key = app.admin().new_api_key(&["audit:read"]).await;
            let bare = known.trim_end_matches('/');
            let (method, path) = match status {
                308 => ("POST", format!("{bare}/")),
                404 => ("PUT", format!("{bare}/nothing/at/all")),
                _ => ("PUT", known.into()),
            };
            let operation = Operation { method: method.into(), ..operation.clone() };
            let caller = if status >= 500 { app.caller(&[("x-api-key", &key)]) } else { app.admin() };
            let good = Good { app: &app, operation: &operation, caller, path, body: None };
            let reply = match status {
                308 | 404 | 405 => good.send().await,
                _ => good.provoke(status).await,
            };
            if reply.status.as_u16() != status {
                wrong.push(format!(
                    "{method} {known}: {} where {status} was provoked: {}",
                    reply.status, reply.text
                ));
            }
        }
    }
    assert_nothing_wrong(&wrong);
}
