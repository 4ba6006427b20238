//! The functions that nobody calls: what the table's stream, the schedules and the queue of timers start.

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use timers::{InMemory, TimerMessage};
use tokio::sync::Mutex;
use web::{App, Worker};

use crate::LocalError;
use crate::aws::{LocalAws, sequence_number};
use crate::lanes::{LaneBatch, Lanes};
use crate::template::{Template, Trigger};

/// Records in one batch: `BatchSize` in the template.
const BATCH: usize = 100;

/// Messages in one batch: `BatchSize` in the template.
const MESSAGES: usize = 10;

/// How often the stream and the queue are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// The workers of the template, and how far they have read the stream.
pub struct Scheduler {
    app: App,
    aws: LocalAws,
    table: String,
    timers: InMemory,
    workers: Vec<(&'static str, Trigger, Worker)>,
    /// The last record that was read.
    position: Mutex<Option<String>>,
}

impl Scheduler {
    /// Joins the template's workers with the functions of the same name, which set `app`'s timers in the queue. The stream is read from its end on: what came before
    /// is seen to by the sweeper.
    ///
    /// # Errors
    /// When one side has a worker that the other has not.
    pub fn new(
        template: &Template,
        app: App,
        (aws, table): (LocalAws, &str),
        timers: InMemory,
    ) -> Result<Self, LocalError> {
        let mut functions: HashMap<&str, Worker> = functions::workers().into_iter().collect();
        let mut workers = Vec::new();
        for function in template.functions.iter().filter(|function| function.routes.is_empty()) {
            let name = function.binary();
            let found = functions.remove_entry(name);
            let (name, worker) = found.ok_or_else(|| {
                LocalError::new(format!("functions::workers() lacks {name}, which template.yaml has"))
            })?;
            workers.extend(function.triggers.iter().map(|trigger| (name, *trigger, worker.clone())));
        }
        if let Some(name) = functions.keys().next() {
            return Err(LocalError::new(format!(
                "template.yaml lacks {name}, which functions::workers() has"
            )));
        }
        let position = Mutex::new(None);
        Ok(Self { app, aws, table: table.into(), timers, workers, position })
    }

    /// Passes over what the stream has so far.
    ///
    /// # Errors
    /// When the table has no stream.
    pub async fn skip(&self) -> Result<(), LocalError> {
        let mut position = self.position.lock().await;
        loop {
            let records = self.aws.changes(&self.table, position.as_deref(), 1000)?;
            match records.last().and_then(sequence_number) {
                Some(last) => *position = Some(last.into()),
                None => return Ok(()),
            }
        }
    }

    /// Hands the next batch of the stream to its workers, and says whether that got anywhere. A record that has to come again
    /// comes with the next batch, and so does what follows it.
    ///
    /// # Errors
    /// When the table has no stream.
    pub async fn read_stream(&self) -> Result<bool, LocalError> {
        let mut position = self.position.lock().await;
        let records = self.aws.changes(&self.table, position.as_deref(), BATCH)?;
        let done = self.work_on(&records).await;
        let last = done.checked_sub(1).and_then(|last| records.get(last)).and_then(sequence_number);
        if let Some(last) = last {
            *position = Some(last.into());
        }
        Ok(last.is_some())
    }

    /// Hands records to the stream's workers, and says how many of them need not come again: all before the first that must.
    async fn work_on(&self, records: &[Value]) -> usize {
        let wanted: Vec<&Value> = records.iter().filter(|record| passes_the_filter(record)).collect();
        let mut done = records.len();
        let workers = self.workers.iter().filter(|(_, trigger, _)| *trigger == Trigger::Stream);
        for (name, _, worker) in workers.filter(|_| !wanted.is_empty()) {
            let again: Vec<String> = match worker.run(&self.app, json!({"Records": wanted})).await {
                Ok(unfinished) => failures(&unfinished),
                Err(error) => {
                    tracing::error!(name, %error, "a worker failed");
                    wanted
                        .first()
                        .and_then(|record| sequence_number(record))
                        .map(String::from)
                        .into_iter()
                        .collect()
                }
            };
            let is_again = |record: &Value| {
                sequence_number(record).is_some_and(|number| again.iter().any(|of| of == number))
            };
            done = done.min(records.iter().position(is_again).unwrap_or(records.len()));
        }
        done
    }

    /// Hands the messages of the queue whose time has come to their worker, and says whether there were any.
    pub async fn deliver(&self) -> bool {
        self.deliver_to(&self.app).await
    }

    /// The same by another environment of the worker, whose clock may differ.
    pub async fn deliver_to(&self, app: &App) -> bool {
        let messages = self.timers.receive(MESSAGES);
        let workers = self.workers.iter().filter(|(_, trigger, _)| *trigger == Trigger::Queue);
        for (name, _, worker) in workers.filter(|_| !messages.is_empty()) {
            let records: Vec<Value> = messages.iter().map(record).collect();
            let again = match worker.run(app, json!({"Records": records})).await {
                Ok(unfinished) => failures(&unfinished),
                Err(error) => {
                    tracing::error!(name, %error, "a worker failed");
                    messages.iter().map(|message| message.id.to_string()).collect()
                }
            };
            let is_again = |message: &&TimerMessage| again.contains(&message.id.to_string());
            messages.iter().filter(is_again).cloned().for_each(|message| self.timers.give_back(message));
        }
        !messages.is_empty()
    }

    /// Runs a worker of a schedule once.
    ///
    /// # Errors
    /// When there is none of that name, or it fails.
    pub async fn run(&self, name: &str) -> Result<Value, LocalError> {
        let found = self.workers.iter().find(|(known, ..)| *known == name);
        let (_, _, worker) = found.ok_or_else(|| LocalError::new(format!("there is no worker {name}")))?;
        worker.run(&self.app, json!({})).await.map_err(LocalError::of(name))
    }

    /// Works for as long as the program runs. Schedules run `clock_rate` times as fast.
    pub async fn work(&self, clock_rate: u32) {
        let schedules = self.workers.iter().filter_map(|(name, trigger, _)| match trigger {
            Trigger::Every { seconds } => Some(self.keep_time(name, *seconds, clock_rate)),
            Trigger::Stream | Trigger::Queue => None,
        });
        let schedules = futures_util::future::join_all(schedules);
        tokio::join!(self.read_on(), self.keep_delivering(), schedules);
    }

    async fn keep_time(&self, name: &'static str, seconds: u64, clock_rate: u32) {
        let period = Duration::from_secs(seconds) / clock_rate.max(1);
        let mut ticks = tokio::time::interval(period.max(LOOK));
        loop {
            ticks.tick().await;
            if let Err(error) = self.run(name).await {
                tracing::error!(name, %error, "a scheduled run failed");
            }
        }
    }

    /// Reads the stream for as long as the program runs, and works on what changed in different groups at once.
    pub async fn read_on(&self) {
        let mut looks = tokio::time::interval(LOOK);
        let mut lanes = Lanes::default();
        let mut at_work: FuturesUnordered<BoxFuture<'_, (LaneBatch, usize)>> = FuturesUnordered::new();
        let work = |batch: LaneBatch| -> BoxFuture<'_, (LaneBatch, usize)> {
            Box::pin(async move {
                let done = self.work_on(&batch.records).await;
                (batch, done)
            })
        };
        loop {
            let is_time = tokio::select! {
                _ = looks.tick() => {
                    if let Err(error) = self.fill(&mut lanes).await {
                        tracing::error!(%error, "the stream cannot be read or trimmed");
                    }
                    true
                }
                Some((batch, done)) = at_work.next() => {
                    let is_done = done == batch.records.len();
                    lanes.give_back(batch, done);
                    // What has to come again waits for the next look.
                    is_done
                }
            };
            if is_time {
                at_work.extend(lanes.take(BATCH).into_iter().map(work));
            }
        }
    }

    /// Reads the stream into lanes that have room, and forgets what is done of it.
    async fn fill(&self, lanes: &mut Lanes) -> Result<(), LocalError> {
        let mut position = self.position.lock().await;
        while lanes.has_room() {
            let records = self.aws.changes(&self.table, position.as_deref(), BATCH)?;
            let Some(last) = records.last().and_then(sequence_number) else { break };
            *position = Some(last.into());
            records.into_iter().filter(passes_the_filter).for_each(|record| lanes.add(record));
        }
        match lanes.oldest().or(position.as_deref()) {
            Some(before) => self.aws.forget_changes(&self.table, before),
            None => Ok(()),
        }
    }

    async fn keep_delivering(&self) {
        let mut looks = tokio::time::interval(LOOK);
        loop {
            looks.tick().await;
            while self.deliver().await {}
        }
    }
}

/// The filter that the template gives the stream's worker: rules of the ledger.
fn passes_the_filter(record: &Value) -> bool {
    record.pointer("/dynamodb/NewImage/entity/S").and_then(Value::as_str) == Some("RULE")
}

/// A message as Lambda hands it over.
fn record(message: &TimerMessage) -> Value {
    json!({"messageId": message.id.to_string(), "body": message.body, "eventSource": "aws:sqs"})
}

/// The records that a worker wants again.
fn failures(unfinished: &Value) -> Vec<String> {
    let failures = unfinished.get("batchItemFailures").and_then(Value::as_array);
    let numbers =
        failures.into_iter().flatten().filter_map(|failure| failure.get("itemIdentifier")?.as_str());
    numbers.map(String::from).collect()
}
