//! Requests of which everything is there that they speak of: counted in the process, and timed in a bootstrap.

use local::template::Template;
use serde_json::{Value, json};
use support::objects::{body, objects, open_the_cloud};
use support::{Client, ORG, Reply, TestApp};

use crate::place::Place;

/// What ends the name of the row of somebody whom the directory does not have yet.
pub(super) const FIRST_TIME: &str = ", the first time, with nothing to open";

/// A request that will succeed, once.
pub(super) struct Ready {
    pub(super) app: TestApp,
    pub(super) caller: Client,
    method: String,
    path: String,
    body: Option<Value>,
}

/// A Postern whose clock shows the time, as that of a bootstrap does.
pub(super) async fn present() -> TestApp {
    let app = TestApp::new().await;
    app.advance_seconds(web::clock::now().unix_seconds() - app.now().unix_seconds());
    app
}

/// Method and path of a function's first route.
pub(super) fn route(name: &str) -> (String, String) {
    let template = Template::built_in().expect("the template");
    let function = template.functions.into_iter().find(|function| function.binary() == name);
    let asked = function.as_ref().expect("a function").routes.first().expect("a route").asked();
    let (method, path) = asked.unwrap_or(("GET", "/api/v1/nothing"));
    (method.into(), path.into())
}

impl Ready {
    /// The request of a function's row.
    pub(super) async fn of(name: &str, what: &str) -> Self {
        match name {
            "me-get" if what.ends_with(FIRST_TIME) => Self::of_a_newcomer().await,
            "me-get" => Self::of_a_person("GET", "/api/v1/me", None).await,
            "session-start" => Self::of_a_person("POST", "/api/v1/sessions", Some(json!({}))).await,
            _ => Self::of_an_administrator(name).await,
        }
    }

    /// Of an administrator, about objects of its own.
    async fn of_an_administrator(name: &str) -> Self {
        let (method, route) = route(name);
        let app = present().await;
        open_the_cloud(&app);
        let caller = app.admin();
        let _ = caller.get("/me").await.expect(200);
        let objects = objects(&app, &caller, &method, &route).await;
        if route.ends_with("/resolve") {
            app.cloud.remove_group(&objects.group());
        }
        let body = body(&caller, &method, &route, 0).await;
        Self { path: objects.path(&route), app, caller, method, body }
    }

    /// Of somebody with one resource.
    async fn of_a_person(method: &str, path: &str, body: Option<Value>) -> Self {
        let place = Place::new(present().await).await;
        let resource = place.resource(1).await;
        let caller = place.person("grace", &[resource]).await;
        Self { app: place.app, caller, method: method.into(), path: path.into(), body }
    }

    async fn of_a_newcomer() -> Self {
        let app = present().await;
        let caller = app.bearer(&app.token("newcomer", ORG, &[]));
        Self { app, caller, method: "GET".into(), path: "/api/v1/me".into(), body: None }
    }

    /// The same request with an `Idempotency-Key`.
    pub(super) fn with_key(mut self) -> Self {
        self.caller = self.caller.with_header("idempotency-key", "measured");
        self
    }

    fn parts(&self) -> (Option<&'static str>, Vec<u8>) {
        let text = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        (self.body.as_ref().map(|_| "application/json"), text.into_bytes())
    }

    /// Sends it, which must succeed.
    pub(super) async fn send(&self) -> Reply {
        let (media_type, body) = self.parts();
        let reply = self.caller.send(&self.method, &self.path, media_type, body).await;
        let (method, path, text) = (&self.method, &self.path, &reply.text);
        assert!(
            reply.status.is_success() || path == "/api/v1/nothing",
            "cost/ready.rs: {method} {path} needs another body or object: {text}"
        );
        reply
    }

    /// The event that it is to its function when somebody sends it.
    pub(super) fn event(&self, caller: &Client) -> String {
        let (media_type, body) = self.parts();
        caller.event(&self.method, &self.path, media_type, body)
    }
}
