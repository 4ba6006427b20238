//! Requests to functions, and what each made its function do at AWS.

use firewall::GroupRef;
use serde_json::Value;
use support::policies::calls;
use support::{Client, InFunction as _, ORG, Reply, TestApp, whole_path};

use super::Calls;
use crate::repository::read;

/// Requests, and what each made its function do.
pub(super) struct Drive {
    pub(super) app: TestApp,
    pub(super) admin: Client,
    pub(super) seen: Calls,
}

impl Drive {
    pub(super) async fn new() -> Self {
        let app = TestApp::new().await;
        Self { admin: app.admin(), app, seen: Calls::new() }
    }

    /// Sends a request, and notes the calls of the function that answers it.
    pub(super) async fn send(&mut self, request: &str, body: Value) -> Reply {
        let (method, path) = request.split_once(' ').unwrap();
        let (path, json) = (whole_path(path), (!body.is_null()).then_some("application/json"));
        let body = json.map(|_| body.to_string()).unwrap_or_default();
        let asked = self.app.cloud.calls();
        self.app.proxy.take_bodies();
        // The first result is kept where a request says that it may come again.
        let once = self.admin.with_header("idempotency-key", &format!("request-{}", self.app.proxy.calls()));
        let caller = if method == "POST" { &once } else { &self.admin };
        let reply = caller.send(method, &path, json, body.into_bytes()).await;
        let function = String::from(caller.function(method, &path));
        self.note_calls(&function, asked);
        reply
    }

    /// Notes the calls of AWS since the proxy's bodies were taken last, and that of a role if a cloud was asked.
    fn note_calls(&mut self, function: &str, asked: usize) {
        let seen = self.seen.entry(function.into()).or_default();
        let bodies = self.app.proxy.take_bodies();
        seen.extend(bodies.iter().flat_map(|(target, body)| calls(target, body, &self.app.table)));
        // A function that calls AWS may have to assume a role first; the simulated cloud needs none.
        seen.extend((self.app.cloud.calls() > asked).then(|| "sts:AssumeRole TargetRoles".into()));
    }

    /// The same, which must be answered with a status.
    pub(super) async fn call(&mut self, request: &str, body: Value, status: u16) -> Reply {
        self.send(request, body).await.expect(status)
    }

    /// Runs a worker of the stream or of a schedule, and notes its calls. Each may be the first one that needs the deployment's id.
    pub(super) async fn run(&mut self, name: &str, group: &GroupRef) {
        let event = read("functions/rule_worker/event.json");
        let event = event.replace("{{org}}", ORG).replace("sg-0abc123def4567890", &group.group_id);
        // On the heap: this test has many runs, and each would have room for the call on the stack.
        Box::pin(self.app.db_forget_deployment()).await;
        self.wake(name, &event).await;
    }

    /// Runs the worker of timers for a session, and notes its calls.
    pub(super) async fn end(&mut self, session: &str) {
        let event = read("functions/session_ender/event.json");
        let event = event.replace("{{org}}", ORG).replace("{{sessionId}}", session);
        self.wake("session-ender", &event).await;
    }

    async fn wake(&mut self, name: &str, event: &str) {
        let (asked, sent) = (self.app.cloud.calls(), self.app.timers.sent());
        self.app.proxy.take_bodies();
        let workers = functions::workers();
        let (name, worker) = workers.iter().find(|(known, _)| *known == name).unwrap();
        let process = self.app.another_process();
        let running = worker.run(&process, serde_json::from_str(event).unwrap());
        let _ = running.in_function(name).await.unwrap();
        self.note_calls(name, asked);
        let seen = self.seen.entry((*name).into()).or_default();
        seen.extend((self.app.timers.sent() > sent).then(|| "sqs:SendMessage SessionEnds".into()));
    }

    /// A request, from another caller than the administrator.
    pub(super) async fn call_as(&mut self, caller: &Client, request: &str, body: Value, status: u16) {
        let admin = std::mem::replace(&mut self.admin, caller.clone());
        let _ = self.call(request, body, status).await;
        self.admin = admin;
    }

    /// Requests without bodies.
    pub(super) async fn all(&mut self, requests: &[(String, u16)]) {
        for (request, status) in requests {
            let _ = self.call(request, Value::Null, *status).await;
        }
    }
}

/// An id of nothing.
pub(super) const NOTHING: &str = "00000000-0000-0000-0000-000000000007";
