//! A caller of the API.

use axum::body::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, Method, Request, StatusCode};
use local::gateway::Gateway;
use serde_json::{Value, json};
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use web::BASE_PATH;

use crate::description::{Answer, DESCRIPTION};
use crate::policies::POLICIES;
use crate::{InFunction as _, bytes, planted, resource_body};

/// The address that every test's requests come from.
const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

/// The routes that are of no version of the API, and stand beside its base path.
pub const BESIDE: [&str; 2] = ["/docs", "/openapi.json"];

/// The whole of a path that is given as it is below the base path.
#[must_use]
pub fn whole_path(path: &str) -> String {
    let base = if BESIDE.contains(&path) { "" } else { BASE_PATH };
    format!("{base}{path}")
}

/// The body as text, unpacked as a browser would.
fn text_of(headers: &HeaderMap, body: &[u8]) -> String {
    if headers.get("content-encoding").is_none() || body.is_empty() {
        return String::from_utf8(body.to_vec()).unwrap();
    }
    assert_eq!(headers["content-encoding"], "gzip");
    let mut text = String::new();
    GzDecoder::new(body).read_to_string(&mut text).unwrap();
    text
}

/// A caller: their headers, and the gateway.
#[derive(Clone)]
pub struct Client {
    gateway: Arc<Gateway>,
    headers: Vec<(String, String)>,
}

/// What the API answered.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body as JSON; null when there is none.
    pub json: Value,
}

impl Reply {
    /// The names of the body's members, in order.
    #[must_use]
    pub fn members(&self) -> Vec<&str> {
        self.json.as_object().map(|members| members.keys().map(String::as_str).collect()).unwrap_or_default()
    }

    /// The `id` of the body.
    #[must_use]
    pub fn id(&self) -> String {
        self.json["id"].as_str().unwrap_or_else(|| panic!("no id in {self:?}")).into()
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Fails when the reply says a secret: an API key may be said by the request that makes it.
    pub fn assert_no_secret(&self, method: &str, path: &str) {
        planted::assert_no_leak();
        let bare = path.split('?').next().unwrap_or_default().trim_end_matches('/');
        let makes_key = method == "POST" && bare == "/api/v1/api-keys";
        // The description shows a key that is one in shape alone.
        let may_say = |word: &str| {
            (makes_key && word.starts_with("pst_")) || word.contains("-example-that-opens-nothing-")
        };
        let headers = format!("{:?}", self.headers);
        for text in [self.text.as_str(), headers.as_str()] {
            let secret = planted::secret_in(text).filter(|word| !may_say(word));
            assert_eq!(secret, None, "{method} {path} says a secret");
        }
    }

    /// The reply, which must have this status.
    #[must_use]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }
}

impl Client {
    pub(crate) fn new(gateway: Arc<Gateway>, headers: Vec<(String, String)>) -> Self {
        Self { gateway, headers }
    }

    fn request(&self, method: &str, path: &str, content_type: Option<&str>, body: Vec<u8>) -> Request<Bytes> {
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
        for (name, value) in &self.headers {
            request = request.header(name, value.as_bytes());
        }
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        request.body(body.into()).unwrap()
    }

    /// The event that a request would be to its function.
    #[must_use]
    pub fn event(&self, method: &str, path: &str, content_type: Option<&str>, body: Vec<u8>) -> String {
        self.gateway.event(&self.request(method, path, content_type, body), SOURCE)
    }

    /// The function that answers a request. The path is the whole one.
    #[must_use]
    pub fn function(&self, method: &str, path: &str) -> &'static str {
        self.function_of(&self.request(method, path, None, Vec::new()))
    }

    fn function_of(&self, request: &Request<Bytes>) -> &'static str {
        let route = self.gateway.route_key(request);
        POLICIES.routes.get(&route).unwrap_or_else(|| panic!("template.yaml has no {route}"))
    }

    /// Sends a request as it is. The path is the whole one.
    pub async fn send(&self, method: &str, path: &str, content_type: Option<&str>, body: Vec<u8>) -> Reply {
        let request = self.request(method, path, content_type, body);
        let asked = self.gateway.own_path(&request);
        let function = self.function_of(&request);
        // On the heap: a test may have many requests under way.
        let response = Box::pin(self.gateway.handle(request, SOURCE)).in_function(function).await;
        let (head, body) = response.into_parts();
        let text = text_of(&head.headers, &body);
        let json =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::Null) };
        let reply = Reply { status: head.status, headers: head.headers, text, json };
        reply.assert_no_secret(method, path);
        // Without a path of the API's own, the gateway has answered by itself.
        if let Some(path) = &asked {
            let status = reply.status.as_u16();
            DESCRIPTION.assert_allows(&Answer {
                method,
                path,
                status,
                headers: &reply.headers,
                text: &reply.text,
            });
        }
        reply
    }

    /// Sends a request, and once more where it is sent elsewhere: with the same method, body and headers, as 308 asks of clients.
    pub async fn send_on(
        &self,
        method: &str,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Reply {
        let reply = self.send(method, path, content_type, body.clone()).await;
        match reply.header("location") {
            Some(location) if reply.status == StatusCode::PERMANENT_REDIRECT => {
                self.send(method, location, content_type, body).await
            }
            _ => reply,
        }
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let path = whole_path(path);
        match body {
            None => self.send(method, &path, None, Vec::new()).await,
            Some(body) => {
                let body = bytes(body.to_string());
                self.send(method, &path, Some("application/json"), body.to_vec()).await
            }
        }
    }

    /// GET below `/api/v1`, or [`BESIDE`] it.
    pub async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, None).await
    }

    /// DELETE below `/api/v1`.
    pub async fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path, None).await
    }

    /// POST below `/api/v1`, without a body.
    pub async fn post_empty(&self, path: &str) -> Reply {
        self.call("POST", path, None).await
    }

    /// POST of JSON below `/api/v1`.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call("POST", path, Some(body)).await
    }

    /// PATCH with JSON below `/api/v1`.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call("PATCH", path, Some(body)).await
    }

    /// PUT of JSON below `/api/v1`.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.call("PUT", path, Some(body)).await
    }

    /// A new sensitive credential; its Base58 id.
    pub async fn new_credential(&self, name: &str) -> String {
        self.post("/credentials/", json!({"name": name, "value": "PLANTED-hunter2"})).await.expect(201).id()
    }

    /// A new resource under a credential; its id.
    pub async fn new_resource(&self, credential: &str) -> String {
        self.post("/resources", resource_body(credential)).await.expect(201).id()
    }

    /// A new role; its id.
    pub async fn new_role(&self, name: &str) -> String {
        self.post("/roles", json!({"name": name})).await.expect(201).id()
    }

    /// A new user with this id; the id.
    pub async fn new_user(&self, id: &str) -> String {
        let body = json!({"id": id, "email": format!("{id}@acme.example"), "name": id});
        self.post("/users", body).await.expect(201).id()
    }

    /// A new API key with these scopes; its text.
    pub async fn new_api_key(&self, scopes: &[&str]) -> String {
        let reply = self.post("/api-keys", json!({"name": "CI", "scopes": scopes})).await.expect(201);
        reply.json["plainTextKey"].as_str().unwrap().into()
    }

    /// The same caller with one more header.
    #[must_use]
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut headers = self.headers.clone();
        headers.push((name.into(), value.into()));
        Self { gateway: Arc::clone(&self.gateway), headers }
    }

    /// A new role and a new resource, not linked; their ids.
    pub async fn new_role_and_resource(&self) -> (String, String) {
        let credential = self.new_credential("AWS Account").await;
        (self.new_role("Engineers").await, self.new_resource(&credential).await)
    }
}
