//! Sessions end on time: at the second at which their time is over, whatever the sweep's minute is; and they are shown so.

mod shown;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use support::ledger::unrest;
use support::{Client, Hang, InFunction as _, ORG, Reply, TestApp};
use workers::{Report, TimerSetter};

use crate::world::{World, shown, start};

/// Most seconds after its end until a session's rule is asked to go.
const BOUND: i64 = 5;

/// A person with a resource, and a session of a minute on it that has its rule.
struct Scene {
    world: World,
    resource: String,
    person: Client,
    session: Value,
}

impl Scene {
    async fn new() -> Self {
        Self::of_minutes(1).await
    }

    async fn of_minutes(minutes: u32) -> Self {
        let world = World::new().await;
        let resource = world.resource(1).await;
        let person = world.person("grace", &[&resource]).await;
        let session = start(&person, json!({"durationMinutes": minutes})).await;
        world.app.settle().await;
        assert_eq!(world.rules(1).len(), 1);
        Self { world, resource, person, session }
    }

    fn app(&self) -> &TestApp {
        &self.world.app
    }

    fn id(&self) -> &str {
        self.session["id"].as_str().unwrap()
    }

    /// A second of `cargo run` without a sweep: messages that have come, then the stream.
    async fn second(&self) {
        self.app().advance_seconds(1);
        self.app().deliver_ends().await;
        self.app().settle().await;
    }

    async fn seconds(&self, count: i64) {
        for _ in 0..count {
            self.second().await;
        }
    }

    fn has_rule(&self) -> bool {
        !self.world.rules(1).is_empty()
    }

    async fn shown(&self) -> Value {
        shown(&self.person, &self.session).await
    }

    async fn post(&self, path: &str) -> Reply {
        self.person.post_empty(&format!("/sessions/{}/{path}", self.id())).await
    }

    async fn extend(&self, minutes: u32) -> Reply {
        let body = json!({"additionalMinutes": minutes});
        self.person.post(&format!("/sessions/{}/extend", self.id()), body).await
    }

    async fn assert_ended(&self, status: &str, reason: &str) {
        assert!(!self.has_rule());
        let over = self.shown().await;
        assert_eq!((&over["status"], &over["endedReason"]), (&json!(status), &json!(reason)), "{over}");
        assert_eq!(self.world.live(&self.resource).await, 0);
        assert_eq!(unrest(self.app()).await, Vec::<String>::new());
    }

    /// How often the session's end is on record.
    async fn ends_on_record(&self) -> usize {
        let rows = self.app().db_audit().await;
        let name = |row: &store::AuditRow| serde_json::to_value(row.event_type).unwrap();
        rows.iter()
            .filter(|row| ["SESSION_EXPIRE", "SESSION_STOP"].iter().any(|end| name(row) == *end))
            .count()
    }
}

#[tokio::test]
async fn a_session_ends_within_seconds_of_its_time_whatever_the_sweeps_minute_is() {
    let mut late = BTreeMap::new();
    for offset in 0..60 {
        let scene = Scene::new().await;
        // The start is at second 0, the end at second 60; a sweep comes each minute.
        for second in 0..=60 + BOUND {
            if second > 0 {
                scene.second().await;
            }
            if second % 60 == offset {
                scene.app().sweep().await;
                scene.app().settle().await;
            }
            let is_over = second >= 60;
            assert!(scene.has_rule() || is_over, "offset {offset}: the rule is gone after {second} s");
            if is_over && !scene.has_rule() {
                *late.entry(second - 60).or_insert(0) += 1;
                break;
            }
        }
        scene.assert_ended("EXPIRED", "EXPIRED").await;
        assert_eq!(scene.ends_on_record().await, 1);
    }
    println!("seconds after the end, and sessions: {late:?}");
    assert_eq!(late, BTreeMap::from([(0, 60)]), "on time at every offset");
}

#[tokio::test]
async fn a_timer_is_set_with_the_exact_delay_and_only_for_what_ends_soon() {
    let scene = Scene::of_minutes(3).await;
    scene.app().advance_millis(59_999);
    assert_eq!(scene.app().sweep().await["timersSet"], 0, "120.001 seconds are left");
    scene.app().advance_millis(1);
    let report = scene.app().sweep().await;
    assert_eq!((&report["timersSet"], &report["timersFailed"]), (&json!(1), &json!(0)));
    let waiting = scene.app().timers.waiting();
    let expected = json!({"org": ORG, "sessionId": scene.id()});
    assert_eq!(serde_json::from_str::<Value>(&waiting[0].1.body).unwrap(), expected);
    assert_eq!(json!(waiting[0].0), scene.session["expiresAt"]);
    scene.app().advance_millis(500);
    scene.app().sweep().await;
    let rounded = scene.app().timers.waiting()[1].0;
    assert_eq!(rounded.unix_millis(), waiting[0].0.unix_millis() + 500, "rounded up to a second");
}

#[tokio::test]
async fn a_timer_that_comes_twice_ends_a_session_once() {
    let scene = Scene::of_minutes(2).await;
    for _ in 0..2 {
        scene.app().sweep().await;
        scene.seconds(60).await;
    }
    assert_eq!(scene.app().timers.sent(), 2, "two sweeps came upon it");
    scene.assert_ended("EXPIRED", "EXPIRED").await;
    assert_eq!(scene.ends_on_record().await, 1);
    let before = scene.app().db_items().await;
    let body = json!({"org": ORG, "sessionId": scene.id()}).to_string();
    scene.app().timers.send(body.clone(), 1);
    scene.app().timers.send(body, 1);
    scene.seconds(2).await;
    assert_eq!(scene.app().db_items().await, before, "a third and a fourth one change nothing");
    assert!(scene.app().timers.waiting().is_empty());
}

#[tokio::test]
async fn a_session_that_was_extended_lets_its_timer_pass_and_ends_at_its_new_time() {
    let scene = Scene::new().await;
    scene.app().sweep().await;
    scene.seconds(30).await;
    let _ = scene.extend(5).await.expect(200);
    scene.seconds(31).await;
    assert_eq!(scene.shown().await["status"], "ACTIVE");
    assert!(scene.has_rule() && scene.app().timers.waiting().is_empty(), "no timer is set again");
    for minute in 2..=6 {
        scene.app().sweep().await;
        scene.seconds(if minute == 6 { 59 } else { 60 }).await;
    }
    scene.assert_ended("EXPIRED", "EXPIRED").await;
}

#[tokio::test]
async fn a_session_that_was_extended_by_a_minute_gets_its_timer_again_from_the_old_one() {
    let scene = Scene::new().await;
    scene.app().sweep().await;
    scene.seconds(59).await;
    let _ = scene.extend(1).await.expect(200);
    // No further sweep: the message of the old end comes early for the new one.
    scene.seconds(60).await;
    assert_eq!(scene.shown().await["status"], "ACTIVE");
    scene.seconds(1).await;
    scene.assert_ended("EXPIRED", "EXPIRED").await;
}

#[tokio::test]
async fn timers_of_stopped_and_unknown_sessions_change_nothing() {
    let scene = Scene::new().await;
    scene.app().sweep().await;
    let _ = scene.post("stop").await.expect(200);
    scene.app().settle().await;
    scene.assert_ended("CANCELLED", "MANUAL").await;
    let before = scene.app().db_items().await;
    let nobody = "019c7080-9f40-7000-8000-000000000001";
    scene.app().timers.send(json!({"org": ORG, "sessionId": nobody}).to_string(), 1);
    scene.app().timers.send(json!({"org": "globex", "sessionId": scene.id()}).to_string(), 1);
    scene.seconds(61).await;
    assert_eq!(scene.app().db_items().await, before);
    assert!(scene.app().timers.waiting().is_empty() && scene.app().timers.aside().is_empty());
}

#[tokio::test]
async fn a_message_that_comes_too_early_by_the_enders_clock_is_sent_again() {
    let scene = Scene::new().await;
    let behind = scene.app().app_ahead(-3000);
    scene.app().sweep().await;
    scene.app().advance_seconds(60);
    assert!(scene.app().scheduler.deliver_to(&behind).in_function("session-ender").await);
    scene.app().settle().await;
    assert!(scene.has_rule(), "by the ender's clock three seconds are left");
    assert_eq!(scene.app().timers.waiting().len(), 1);
    for second in 1..=3 {
        scene.app().advance_seconds(1);
        assert_eq!(scene.app().scheduler.deliver_to(&behind).in_function("session-ender").await, second == 3);
    }
    scene.app().settle().await;
    scene.assert_ended("EXPIRED", "EXPIRED").await;
}

#[tokio::test]
async fn a_sweeper_whose_clock_differs_by_seconds_sets_timers_that_end_within_the_bound() {
    for ahead in [-3000, 3000] {
        let scene = Scene::new().await;
        let sweeper = scene.app().app_ahead(ahead);
        let workers = functions::workers();
        let (_, worker) = workers.iter().find(|(name, _)| *name == "session-sweeper").unwrap();
        let _ = worker.run(&sweeper, json!({})).in_function("session-sweeper").await.unwrap();
        scene.seconds(59).await;
        assert!(scene.has_rule(), "{ahead}: not before its time");
        scene.seconds(1 + BOUND).await;
        scene.assert_ended("EXPIRED", "EXPIRED").await;
    }
}

#[tokio::test]
async fn a_queue_that_takes_nothing_leaves_the_end_to_the_sweep() {
    let scene = Scene::new().await;
    scene.app().timers.set_down(true);
    let report = scene.app().sweep().await;
    assert_eq!((&report["timersSet"], &report["timersFailed"]), (&json!(0), &json!(1)));
    assert_eq!(report["failed"], 0, "the sweep itself has not failed");
    scene.seconds(60).await;
    assert!(scene.has_rule());
    assert_eq!(scene.shown().await["status"], "EXPIRING", "it is shown as what it is");
    assert_eq!(scene.app().sweep().await["sessionsEnded"], 1);
    scene.assert_ended("EXPIRED", "EXPIRED").await;
}

#[tokio::test]
async fn a_table_that_does_not_say_what_ends_soon_is_a_number_in_the_report() {
    let scene = Scene::new().await;
    let no = json!({"__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException", "message": "no"});
    scene.app().proxy.fail_next("Query", 400, &no);
    let timers = std::sync::Arc::new(scene.app().timers.clone());
    let report = TimerSetter::new(scene.app().db.clone(), timers)
        .run(scene.app().now())
        .in_function("session-sweeper")
        .await;
    assert_eq!(report, Report { timers_failed: 1, ..Report::default() });
}

#[tokio::test]
async fn an_ender_that_is_down_leaves_the_end_to_the_sweep() {
    let scene = Scene::new().await;
    scene.app().sweep().await;
    scene.app().advance_seconds(60);
    let no = json!({"__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException", "message": "no"});
    scene.app().proxy.fail_next("Query", 400, &no);
    assert!(scene.app().deliver_ends().await);
    assert!(scene.has_rule());
    assert_eq!(scene.app().timers.waiting().len(), 1, "the message comes again");
    assert_eq!(scene.app().sweep().await["sessionsEnded"], 1);
    scene.assert_ended("EXPIRED", "EXPIRED").await;
    scene.seconds(timers::VISIBILITY_SECONDS).await;
    assert_eq!((scene.app().timers.waiting().len(), scene.ends_on_record().await), (0, 1));
}

/// The ender gives up before its function ends, which would have every message of the batch come again.
#[tokio::test]
async fn an_end_that_hangs_comes_again_by_itself() {
    let scene = Scene::new().await;
    scene.app().sweep().await;
    scene.app().advance_seconds(60);
    let hangs = scene.app().proxy.hang_after(0, Hang::Before);
    let delivering = scene.app().deliver_ends();
    tokio::pin!(delivering);
    tokio::select! {
        biased;
        _ = hangs => {}
        _ = &mut delivering => panic!("nothing hung"),
    }
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(21)).await;
    tokio::time::resume();
    assert!(delivering.await);
    assert_eq!((scene.has_rule(), scene.app().timers.waiting().len()), (true, 1));
    scene.seconds(timers::VISIBILITY_SECONDS).await;
    scene.assert_ended("EXPIRED", "EXPIRED").await;
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_put_aside_and_the_others_are_done() {
    let scene = Scene::new().await;
    scene.app().sweep().await;
    scene.app().advance_seconds(59);
    for broken in ["no JSON", "{}", r#"{"org":"a#b","sessionId":"x"}"#] {
        scene.app().timers.send(broken.into(), 1);
    }
    scene.second().await;
    scene.assert_ended("EXPIRED", "EXPIRED").await;
    for _ in 0..3 {
        scene.app().advance_seconds(timers::VISIBILITY_SECONDS);
        scene.app().deliver_ends().await;
    }
    assert_eq!((scene.app().timers.waiting().len(), scene.app().timers.aside().len()), (0, 3));
}
