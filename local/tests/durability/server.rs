//! The program, as a process that can be killed, and requests to it.

use auth::{ClaimNames, JwtKeys, JwtSettings, Mint, mint};
use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

const SECRET: &str = "a secret of the tests, 32 bytes or more";
pub(crate) const ORG: &str = "acme";

/// A running program. It is killed when it is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) api: Api,
    /// Where DynamoDB answers.
    pub(crate) dynamodb: String,
}

/// A caller of the API: an administrator.
#[derive(Clone)]
pub(crate) struct Api {
    base: String,
    token: String,
    client: Client<HttpConnector, Body>,
}

/// The word after some others in what the program prints.
async fn said(lines: &mut Lines<BufReader<ChildStdout>>, before: &str) -> String {
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(rest) = line.strip_prefix(before) {
            return rest.split([' ', ',']).next().unwrap().to_owned();
        }
    }
    panic!("it ended before it said {before:?}")
}

impl Server {
    /// Starts one on a folder.
    pub(crate) async fn start(data: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut process = Command::new(env!("CARGO_BIN_EXE_postern"))
            .args(["--port", "0", "--no-demo", "--dynamodb-port", &port.to_string(), "--data"])
            .arg(data)
            .env("POSTERN_JWT_SECRET", SECRET)
            .env("POSTERN_RATE_PER_MINUTE", "0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let base = said(&mut lines, "Postern is listening on ").await;
        let dynamodb = said(&mut lines, "DynamoDB, KMS and Secrets Manager answer on ").await;
        Self { process, api: Api::new(base), dynamodb }
    }

    /// Kills it as `kill -9` does.
    pub(crate) async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }
}

fn token(person: &str) -> String {
    let settings = JwtSettings {
        keys: JwtKeys::Secret(SECRET.into()),
        issuer: "https://postern.local".into(),
        audience: "postern".into(),
        claims: ClaimNames::default(),
    };
    let roles = [model::principal::ORG_ADMIN.to_owned()];
    let token = Mint {
        sub: person,
        org: ORG,
        roles: &roles,
        email: None,
        name: None,
        email_verified: false,
        ttl_seconds: 3600,
    };
    mint(&settings, &token, web::clock::now()).unwrap()
}

impl Api {
    fn new(base: String) -> Self {
        Self { base, token: token("admin"), client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// The same, called by another administrator.
    pub(crate) fn of(&self, person: &str) -> Self {
        Self { token: token(person), ..self.clone() }
    }

    /// Sends a request: the status and the body, or nothing when the server died first.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Option<(u16, Value)> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/api/v1{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(body.map(Value::to_string).map_or_else(Body::empty, Body::from))
            .unwrap();
        let response = self.client.request(request).await.ok()?;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.ok()?.to_bytes();
        Some((status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }
}
