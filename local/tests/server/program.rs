//! The program as a process, and requests to it.

use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The settings of the environment, none of which a test inherits.
const SETTINGS: [&str; 11] = [
    "POSTERN_JWT_SECRET",
    "POSTERN_JWT_SECRET_NAME",
    "POSTERN_JWKS",
    "POSTERN_JWKS_URL",
    "POSTERN_JWT_ISSUER",
    "POSTERN_JWT_AUDIENCE",
    "POSTERN_RATE_PER_MINUTE",
    "POSTERN_RATE_BURST",
    "POSTERN_SESSIONS_PER_PERSON",
    "POSTERN_CORS_ORIGINS",
    "POSTERN_EDGE_SECRET",
];

/// How the program is called.
pub(crate) struct Program(Command);

impl Default for Program {
    /// A server on a free port.
    fn default() -> Self {
        Self::bare().with("--port=0")
    }
}

impl Program {
    pub(crate) fn bare() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
        for name in SETTINGS {
            command.env_remove(name);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        Self(command)
    }

    /// A server that keeps its data in a folder.
    pub(crate) fn on(data: &Path) -> Self {
        let mut program = Self::default();
        program.0.arg("--data").arg(data);
        program
    }

    pub(crate) fn with(mut self, option: &str) -> Self {
        self.0.arg(option);
        self
    }

    pub(crate) fn env(mut self, settings: &[(&str, &str)]) -> Self {
        self.0.envs(settings.iter().copied());
        self
    }

    /// Starts a server.
    pub(crate) async fn start(mut self) -> Running {
        let mut process = self.0.stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (mut said, mut base) = (Vec::new(), String::new());
        while said.len() < 2 {
            let line = lines.next_line().await.unwrap().expect("a server that starts");
            if let Some(address) = line.strip_prefix("Postern is listening on ") {
                address.clone_into(&mut base);
            }
            said.push(line);
        }
        // The rest is read and dropped: a full pipe would stop the server.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Running { process, base, said, client: Client::builder(TokioExecutor::new()).build_http() }
    }
}

/// What a program says that does not start.
pub(crate) async fn failed(mut program: Program) -> String {
    let output = program.0.output().await.unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

/// A token of the program's own.
pub(crate) async fn token(options: &[&str]) -> String {
    let mut program =
        options.iter().fold(Program::bare().with("token"), |program, option| program.with(option));
    let output = program.0.output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().into()
}

/// A running server. It is killed when it is dropped.
pub(crate) struct Running {
    process: Child,
    pub(crate) base: String,
    /// The first lines that it printed.
    pub(crate) said: Vec<String>,
    client: Client<HttpConnector, Body>,
}

impl Running {
    /// Kills it as `kill -9` does.
    pub(crate) async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let response = self.ask(method, path, token, body).await;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// The status, and where the answer sends somebody.
    pub(crate) async fn location(&self, path: &str) -> (u16, Option<String>) {
        let response = self.ask(Method::GET, path, "", None).await;
        let location =
            response.headers().get("location").map(|location| location.to_str().unwrap().to_owned());
        (response.status().as_u16(), location)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> http::Response<impl http_body_util::BodyExt<Data = axum::body::Bytes, Error: std::fmt::Debug>> {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        let request = request.header("content-type", "application/json");
        let request = match token {
            "" => request,
            token => request.header("authorization", format!("Bearer {token}")),
        };
        let body = body.map(Value::to_string).map_or_else(Body::empty, Body::from);
        self.client.request(request.body(body).unwrap()).await.unwrap()
    }
}
