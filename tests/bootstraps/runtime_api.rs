//! The Lambda Runtime API of one function, on the loopback interface.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

/// What Lambda gives a function to answer with, in milliseconds: `Timeout` of `template.yaml`.
const DEADLINE_MILLIS: i64 = 10_000;

/// An event on its way to the function.
pub(crate) struct Invocation {
    pub(crate) id: String,
    pub(crate) event: String,
}

/// What the function says.
#[derive(Debug)]
pub(crate) enum Report {
    /// The answer to an invocation.
    Answer { id: String, body: String },
    /// It failed, at its start or at an invocation.
    Failure(String),
}

/// The desk at which one function asks for events and leaves its answers.
pub(crate) struct RuntimeApi {
    /// What `AWS_LAMBDA_RUNTIME_API` is set to.
    pub(crate) address: String,
    invocations: mpsc::UnboundedSender<Invocation>,
    reports: mpsc::UnboundedReceiver<Report>,
}

struct Desk {
    arn: String,
    invocations: Mutex<mpsc::UnboundedReceiver<Invocation>>,
    reports: mpsc::UnboundedSender<Report>,
}

impl RuntimeApi {
    /// Opens one on a port of its own. It closes with the runtime.
    pub(crate) async fn open(function: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port of 127.0.0.1");
        let address = listener.local_addr().expect("an address").to_string();
        let (invocations, waiting) = mpsc::unbounded_channel();
        let (sender, reports) = mpsc::unbounded_channel();
        let arn = format!("arn:aws:lambda:{}:000000000000:function:{function}", local::cloud::REGION);
        let desk = Arc::new(Desk { arn, invocations: Mutex::new(waiting), reports: sender });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(invocation_error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(desk);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, invocations, reports }
    }

    /// Hands in an event for the function.
    pub(crate) fn invoke(&self, invocation: Invocation) {
        self.invocations.send(invocation).expect("an open desk");
    }

    /// Waits for what the function says next.
    pub(crate) async fn report(&mut self) -> Report {
        self.reports.recv().await.expect("an open desk")
    }

    /// What the function has said and nobody has asked for.
    pub(crate) fn unread_report(&mut self) -> Option<Report> {
        self.reports.try_recv().ok()
    }
}

impl Desk {
    fn accept(&self, report: Report) -> StatusCode {
        self.reports.send(report).map_or(StatusCode::GONE, |()| StatusCode::ACCEPTED)
    }
}

/// Waits for an event, for as long as there is none: so does Lambda's own.
async fn next(State(desk): State<Arc<Desk>>) -> Response {
    let Some(Invocation { id, event }) = desk.invocations.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = web::clock::now().unix_millis() + DEADLINE_MILLIS;
    let headers = [
        ("content-type", String::from("application/json")),
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", desk.arn.clone()),
    ];
    (headers, event).into_response()
}

async fn response(State(desk): State<Arc<Desk>>, Path(id): Path<String>, body: String) -> StatusCode {
    desk.accept(Report::Answer { id, body })
}

async fn invocation_error(State(desk): State<Arc<Desk>>, Path(id): Path<String>, body: String) -> StatusCode {
    desk.accept(Report::Failure(format!("invocation {id}: {body}")))
}

async fn init_error(State(desk): State<Arc<Desk>>, body: String) -> StatusCode {
    desk.accept(Report::Failure(format!("at its start: {body}")))
}
