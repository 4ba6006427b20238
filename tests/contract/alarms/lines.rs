//! From what the workers log to the alarms that report it.

use serde_json::{Value, json};
use std::io::Write;
use std::mem::take;
use std::sync::{Arc, Mutex};
use support::objects::Objects;
use support::{Client, TestApp};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;

use super::evaluate::State;
use super::rule::{Metrics, alarms, filters};

/// The log group of the workers.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A stack whose workers log to a group with the template's metric filters. Its minutes are those of the clock.
struct Stack {
    app: TestApp,
    admin: Client,
    objects: Objects,
    lines: Lines,
    metrics: Metrics,
    minute: i64,
    _log: DefaultGuard,
}

impl Stack {
    async fn new() -> Self {
        let app = TestApp::alive().await;
        let admin = app.admin();
        let objects = Objects::new(&app, &admin, "Alarms").await;
        let lines = Lines::default();
        let written = lines.clone();
        let log = web::json_lines(LevelFilter::INFO, web::clock::system(), move || written.clone());
        let log = tracing::subscriber::set_default(log);
        Self { app, admin, objects, lines, metrics: Metrics::default(), minute: 0, _log: log }
    }

    /// Takes what was logged by now into account, and lets a minute go by.
    fn tick(&mut self) {
        let text = String::from_utf8(take(&mut *self.lines.0.lock().unwrap())).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for filter in filters().iter().filter(|filter| filter.log_group == "WorkerLogs") {
            filter.apply(&lines, self.minute, &mut self.metrics);
        }
        self.minute += 1;
        self.app.advance_seconds(60);
    }

    /// Minutes in which the schedules run, and the stream is read where it has a reader.
    async fn run(&mut self, minutes: i64, is_mapped: bool) {
        for _ in 0..minutes {
            if is_mapped {
                self.app.settle().await;
            }
            self.app.sweep().await;
            if self.minute % 5 == 0 {
                self.app.reconcile().await;
            }
            self.tick();
        }
    }

    async fn start(&mut self) {
        self.admin = self.app.admin();
        self.objects.begin_session(&self.admin).await;
    }

    async fn stop(&self) {
        let path = self.objects.path("/api/v1/sessions/{id}/stop").replace("/api/v1", "");
        let _ = self.app.admin().post_empty(&path).await.expect(200);
    }

    /// The alarms of the workers' own metrics that have reported something since a minute.
    fn reported(&self, since: i64) -> Vec<String> {
        let own = |name: &str| name.starts_with("Postern ");
        let alarms =
            alarms().into_iter().filter(|alarm| alarm.queries.iter().all(|query| own(&query.metric)));
        let is_reported = |changes: &[(i64, State)]| {
            changes.iter().any(|(minute, state)| *minute >= since && *state == State::Alarm)
        };
        alarms
            .filter(|alarm| is_reported(&alarm.changes(&self.metrics, 0..self.minute)))
            .map(|alarm| alarm.name)
            .collect()
    }

    /// Has KMS refuse the calls that follow.
    fn lose_permission(&self) {
        let refusal =
            json!({"__type": "AccessDeniedException", "message": "not authorized to perform: kms:Decrypt"});
        for _ in 0..200 {
            self.app.proxy.fail_next("Decrypt", 400, &refusal);
        }
    }
}

#[tokio::test]
async fn a_session_from_start_to_end_is_no_alarm() {
    let mut stack = Stack::new().await;
    stack.run(7, true).await;
    stack.start().await;
    stack.run(12, true).await;
    stack.stop().await;
    stack.run(12, true).await;
    assert_eq!(stack.reported(0), Vec::<String>::new());
    let seen = stack.metrics.names();
    assert_eq!(
        seen,
        ["Postern Comparisons", "Postern Sweeps"].map(String::from).into(),
        "nothing else was logged"
    );
}

#[tokio::test]
async fn a_lost_permission_on_the_key_is_reported_although_sweeps_go_on() {
    let mut stack = Stack::new().await;
    stack.start().await;
    stack.run(12, true).await;
    let since = stack.minute;
    stack.lose_permission();
    stack.stop().await;
    stack.run(12, true).await;
    assert_eq!(stack.reported(since), ["FailedWorkAlarm", "StuckRulesAlarm"]);
}

#[tokio::test]
async fn a_start_without_the_permission_on_the_key_is_reported() {
    let mut stack = Stack::new().await;
    stack.run(12, true).await;
    let since = stack.minute;
    stack.lose_permission();
    stack.start().await;
    stack.run(12, true).await;
    assert_eq!(stack.reported(since), ["FailedWorkAlarm"]);
}

/// The sweeper does the work, up to two minutes late, and says so: the stream's own metrics are silent.
#[tokio::test]
async fn a_stream_that_nobody_reads_is_reported() {
    let mut stack = Stack::new().await;
    stack.run(7, true).await;
    let since = stack.minute;
    stack.start().await;
    stack.run(12, false).await;
    assert_eq!(stack.reported(since), ["LateRulesAlarm"]);
    let since = stack.minute;
    stack.run(12, false).await;
    assert_eq!(stack.reported(since), Vec::<String>::new(), "nothing changed");
    stack.stop().await;
    stack.run(12, false).await;
    assert_eq!(stack.reported(since), ["LateRulesAlarm"]);
}

#[tokio::test]
async fn an_account_that_gives_no_answer_for_an_hour_is_reported() {
    let mut stack = Stack::new().await;
    stack.run(7, true).await;
    let since = stack.minute;
    stack.app.cloud.set_down(true);
    stack.start().await;
    stack.run(70, true).await;
    assert_eq!(stack.reported(since), ["PostponedWorkAlarm"]);
}

#[tokio::test]
async fn a_sweeper_that_does_not_run_and_a_reconciler_that_does_not_run_are_reported() {
    let mut stack = Stack::new().await;
    stack.run(12, true).await;
    for _ in 0..15 {
        if stack.minute % 5 == 0 {
            stack.app.reconcile().await;
        }
        stack.tick();
    }
    assert_eq!(stack.reported(0), ["SweeperSilentAlarm"]);
    for _ in 0..200 {
        stack.app.sweep().await;
        stack.tick();
    }
    assert_eq!(stack.reported(30), ["ReconcilerSilentAlarm"]);
}
