//! The Lambda Runtime API of one function, on the loopback interface.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use http::StatusCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc, watch};

/// What Lambda gives a function to answer with, in milliseconds: `Timeout` of `template.yaml`.
const DEADLINE_MILLIS: i64 = 10_000;

/// An event on its way to the function.
pub struct Invocation {
    /// The request id that Lambda gives it.
    pub id: String,
    /// The event's JSON.
    pub event: String,
}

/// What a function answered, and when.
#[derive(Debug)]
pub struct Answer {
    /// The request id of the invocation.
    pub id: String,
    /// The response's JSON.
    pub body: String,
    /// When the event was handed out.
    pub delivered: Instant,
    /// When the response had come in whole.
    pub answered: Instant,
}

impl Answer {
    /// How long the function took.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.answered - self.delivered
    }
}

/// What the function says.
#[derive(Debug)]
pub enum Report {
    /// The answer to an invocation.
    Answer(Answer),
    /// It failed, at its start or at an invocation.
    Failure(String),
}

/// The desk at which one function asks for events and leaves its answers.
pub struct RuntimeApi {
    /// What `AWS_LAMBDA_RUNTIME_API` is set to.
    pub address: String,
    invocations: mpsc::UnboundedSender<Invocation>,
    reports: mpsc::UnboundedReceiver<Report>,
    asked: watch::Receiver<Option<Instant>>,
}

struct Desk {
    arn: String,
    invocations: Mutex<mpsc::UnboundedReceiver<Invocation>>,
    reports: mpsc::UnboundedSender<Report>,
    asked: watch::Sender<Option<Instant>>,
    delivered: watch::Sender<Instant>,
}

impl RuntimeApi {
    /// Opens one on a port of its own. It closes with the runtime.
    pub async fn open(function: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port of 127.0.0.1");
        let address = listener.local_addr().expect("an address").to_string();
        let (invocations, waiting) = mpsc::unbounded_channel();
        let (sender, reports) = mpsc::unbounded_channel();
        let arn = format!("arn:aws:lambda:{}:000000000000:function:{function}", local::aws::REGION);
        let (asks, asked) = watch::channel(None);
        let desk = Desk {
            arn,
            invocations: Mutex::new(waiting),
            reports: sender,
            asked: asks,
            delivered: watch::Sender::new(Instant::now()),
        };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(invocation_error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(Arc::new(desk));
        // An answer's last bytes are not held back for the acknowledgement of its first.
        let listener = listener.tap_io(|socket| socket.set_nodelay(true).expect("a socket"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, invocations, reports, asked }
    }

    /// Hands in an event for the function.
    pub fn invoke(&self, invocation: Invocation) {
        self.invocations.send(invocation).expect("an open desk");
    }

    /// Answers the next request for an event, and each after it, with 410: there are none any more.
    pub fn close(&mut self) {
        (self.invocations, _) = mpsc::unbounded_channel();
    }

    /// Waits for what the function says next.
    pub async fn report(&mut self) -> Report {
        self.reports.recv().await.expect("an open desk")
    }

    /// When the function asked for its first event: that is the end of its start.
    pub async fn first_asked(&mut self) -> Instant {
        let asked = self.asked.wait_for(Option::is_some).await.expect("an open desk");
        asked.expect("it was waited for")
    }

    /// What the function has said and nobody has asked for.
    pub fn unread_report(&mut self) -> Option<Report> {
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
    desk.asked.send_if_modified(|asked| asked.is_none() && asked.replace(Instant::now()).is_none());
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
    desk.delivered.send_replace(Instant::now());
    (headers, event).into_response()
}

async fn response(State(desk): State<Arc<Desk>>, Path(id): Path<String>, body: String) -> StatusCode {
    let (delivered, answered) = (*desk.delivered.borrow(), Instant::now());
    desk.accept(Report::Answer(Answer { id, body, delivered, answered }))
}

async fn invocation_error(State(desk): State<Arc<Desk>>, Path(id): Path<String>, body: String) -> StatusCode {
    desk.accept(Report::Failure(format!("invocation {id}: {body}")))
}

async fn init_error(State(desk): State<Arc<Desk>>, body: String) -> StatusCode {
    desk.accept(Report::Failure(format!("at its start: {body}")))
}
