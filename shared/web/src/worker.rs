//! Workers: functions that the table's stream, a schedule or a queue starts.

use futures_util::future::BoxFuture;
use lambda_http::Error;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use store::StreamRecord;

use crate::app::App;
use crate::event::EventSource;
use crate::failure::Failure;
use crate::log;
use crate::settings::LogSettings;

/// Records of the table's stream, in its order.
#[derive(Debug, Deserialize)]
pub struct Batch {
    #[serde(rename = "Records")]
    pub records: Vec<StreamRecord>,
}

/// Messages of a queue, in no particular order.
#[derive(Debug, Deserialize)]
pub struct QueueMessages {
    #[serde(rename = "Records")]
    pub records: Vec<QueueMessage>,
}

/// A message of a queue (AWS Lambda Developer Guide, "Using Lambda with Amazon SQS", "Example Amazon SQS message event").
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueMessage {
    message_id: String,
    /// The text of the message.
    pub body: String,
}

/// The records or messages that must come again. Lambda repeats a batch from the first of these records on, so that their order is kept.
/// Messages are repeated one by one.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unfinished {
    batch_item_failures: Vec<ItemFailure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure {
    item_identifier: String,
}

impl Unfinished {
    /// Asks for a record again.
    pub fn add(&mut self, record: &StreamRecord) {
        self.batch_item_failures.push(ItemFailure { item_identifier: record.sequence_number().into() });
    }

    /// Asks for a message again. After too many attempts it goes to the queue `WorkerFailures`.
    pub fn add_message(&mut self, message: &QueueMessage) {
        self.batch_item_failures.push(ItemFailure { item_identifier: message.message_id.clone() });
    }
}

type Erased = Arc<dyn Fn(App, Value) -> BoxFuture<'static, Result<Value, WorkerFailure>> + Send + Sync>;

/// A worker's handler as a value.
#[derive(Clone)]
pub struct Worker {
    /// What starts the worker.
    pub source: EventSource,
    call: Erased,
}

/// Why an invocation failed as a whole. Lambda tries it again. The text is for the log.
#[derive(Debug)]
pub struct WorkerFailure(String);

impl fmt::Display for WorkerFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WorkerFailure {}

impl From<Failure> for WorkerFailure {
    fn from(failure: Failure) -> Self {
        Self(failure.for_log().map_or_else(|| "refused".into(), |cause| cause.to_string()))
    }
}

fn json(value: &impl Serialize) -> Result<Value, WorkerFailure> {
    serde_json::to_value(value).map_err(|error| WorkerFailure(error.to_string()))
}

impl Worker {
    /// A worker of the stream.
    pub fn of_stream<F, Running>(handler: F) -> Self
    where
        F: Fn(App, Batch) -> Running + Clone + Send + Sync + 'static,
        Running: Future<Output = Result<Unfinished, Failure>> + Send + 'static,
    {
        Self::of_batches(EventSource::Stream, handler)
    }

    /// A worker of a queue.
    pub fn of_queue<F, Running>(handler: F) -> Self
    where
        F: Fn(App, QueueMessages) -> Running + Clone + Send + Sync + 'static,
        Running: Future<Output = Result<Unfinished, Failure>> + Send + 'static,
    {
        Self::of_batches(EventSource::Queue, handler)
    }

    fn of_batches<F, Event, Running>(source: EventSource, handler: F) -> Self
    where
        F: Fn(App, Event) -> Running + Clone + Send + Sync + 'static,
        Event: DeserializeOwned,
        Running: Future<Output = Result<Unfinished, Failure>> + Send + 'static,
    {
        let call = move |app: App, event: Value| -> BoxFuture<'static, _> {
            let handler = handler.clone();
            Box::pin(async move {
                // serde's own error would quote the item, which may hold personal data.
                let batch = serde_json::from_value(event)
                    .map_err(|_| WorkerFailure("the event is not what starts this worker".into()))?;
                json(&handler(app, batch).await?)
            })
        };
        Self { source, call: Arc::new(call) }
    }

    /// A worker of a schedule.
    pub fn of_schedule<F, Running, Report>(handler: F) -> Self
    where
        F: Fn(App) -> Running + Clone + Send + Sync + 'static,
        Running: Future<Output = Result<Report, Failure>> + Send + 'static,
        Report: Serialize,
    {
        let call = move |app: App, _: Value| -> BoxFuture<'static, _> {
            let handler = handler.clone();
            Box::pin(async move { json(&handler(app).await?) })
        };
        Self { source: EventSource::Schedule, call: Arc::new(call) }
    }

    /// Runs the worker for an event.
    ///
    /// # Errors
    /// When the whole invocation must be repeated.
    pub async fn run(&self, app: &App, event: Value) -> Result<Value, WorkerFailure> {
        (self.call)(app.at_request(), event).await
    }
}

/// Serves a worker from the Lambda runtime until the environment ends.
///
/// # Errors
/// When a setting is missing or wrong, or the runtime's API cannot be reached.
pub async fn serve_worker(worker: Worker) -> Result<(), Error> {
    log::begin(LogSettings::from_env());
    let app = App::worker_from_env(worker.source)?;
    let handler = move |event: LambdaEvent<Value>| {
        let (worker, app) = (worker.clone(), app.clone());
        async move { worker.run(&app, event.payload).await.map_err(|failure| failure.to_string()) }
    };
    lambda_runtime::run(service_fn(handler)).await
}
