//! Conditions as CloudWatch's metrics show them, and the alarms that report each.

use std::collections::BTreeSet;
use std::ops::Range;

use super::evaluate::State;
use super::rule::{Alarm, Metrics, alarms};

/// Minutes of a stack's life in these tests: four days.
const LIFE: Range<i64> = 0..4 * 1440;

/// When what is wrong begins.
const WRONG: i64 = 1440;

const SWEEPS: &str = "Postern Sweeps";
const COMPARISONS: &str = "Postern Comparisons";
const REQUESTS: &str = "AWS/ApiGateway Count ApiId=Api";
const ERRORS: &str = "AWS/ApiGateway 5xx ApiId=Api";
const ALL_THROTTLES: &str = "AWS/Lambda Throttles";
const WORKER_THROTTLES: &str = "AWS/Lambda Throttles FunctionName=RuleWorkerFunction";
const STREAM_AGE: &str = "AWS/Lambda IteratorAge FunctionName=RuleWorkerFunction";
const FAILURES: &str = "AWS/SQS ApproximateNumberOfMessagesVisible QueueName=WorkerFailures.QueueName";
const TIMERS_AGE: &str = "AWS/SQS ApproximateAgeOfOldestMessage QueueName=SessionEnds.QueueName";

/// What runs by itself in a minute.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Running {
    All,
    NoSweeper,
    NoReconciler,
    Nothing,
}

/// What the two schedules leave in a minute, the first of which is `first`.
fn schedules(metrics: &mut Metrics, minute: i64, running: Running) {
    let sweeps = matches!(running, Running::All | Running::NoReconciler);
    let compares = matches!(running, Running::All | Running::NoSweeper) && minute % 5 == 0;
    if sweeps || compares {
        metrics.put(SWEEPS, minute, f64::from(u8::from(sweeps)));
        metrics.put(COMPARISONS, minute, f64::from(u8::from(compares)));
    }
}

/// A stack that is in order and has ten requests a minute, but for what somebody does to it in the minutes `wrong`.
fn stack(first: i64, wrong: Range<i64>, running: Running, change: impl Fn(&mut Metrics, i64)) -> Metrics {
    let mut metrics = Metrics::default();
    for minute in first..LIFE.end {
        let is_wrong = wrong.contains(&minute);
        schedules(&mut metrics, minute, if is_wrong { running } else { Running::All });
        for (metric, value) in [
            (ALL_THROTTLES, 0.0),
            (WORKER_THROTTLES, 0.0),
            (STREAM_AGE, 90.0),
            (FAILURES, 0.0),
            (TIMERS_AGE, 120.0),
        ] {
            metrics.put(metric, minute, value);
        }
        if is_wrong {
            change(&mut metrics, minute);
        }
    }
    metrics
}

/// The alarms that report something, with the minutes until the first time. Each is OK at the end.
#[track_caller]
fn reports(metrics: &Metrics) -> Vec<(String, i64)> {
    let mut reports = Vec::new();
    for alarm in alarms() {
        let changes = alarm.changes(metrics, LIFE);
        assert_eq!(changes.last().map(|change| change.1), Some(State::Ok), "{} at the end", alarm.name);
        let is_heard = |(_, state): &&(i64, State)| match state {
            State::Alarm => true,
            State::Silent => alarm.reports_silence,
            State::Ok => false,
        };
        if let Some((minute, _)) = changes.iter().find(is_heard) {
            reports.push((alarm.name, minute - WRONG));
        }
    }
    reports
}

/// A condition: how long it lasts, what still runs, what is measured in each of its minutes, and which alarms report it within how many
/// minutes.
struct Condition {
    name: &'static str,
    lasts: i64,
    running: Running,
    measured: &'static [(&'static str, f64)],
    /// Of so many minutes one has what is measured.
    one_in: i64,
    reported: &'static [(&'static str, i64)],
}

const USUAL: Condition =
    Condition { name: "", lasts: 60, running: Running::All, measured: &[], one_in: 1, reported: &[] };

const CONDITIONS: [Condition; 26] = [
    Condition { name: "nothing", ..USUAL },
    Condition {
        name: "a read of the table is throttled once",
        lasts: 1,
        measured: &[("AWS/DynamoDB ReadThrottleEvents TableName=Table", 1.0)],
        reported: &[("TableReadThrottledAlarm", 0)],
        ..USUAL
    },
    Condition {
        name: "a write of the table is throttled once",
        lasts: 1,
        measured: &[("AWS/DynamoDB WriteThrottleEvents TableName=Table", 1.0)],
        reported: &[("TableWriteThrottledAlarm", 0)],
        ..USUAL
    },
    Condition {
        name: "an index is full",
        measured: &[(
            "AWS/DynamoDB WriteThrottleEvents TableName=Table GlobalSecondaryIndexName=listing",
            9.0,
        )],
        reported: &[("TableWriteThrottledAlarm", 0)],
        ..USUAL
    },
    Condition {
        name: "the index of what is due is read too often",
        measured: &[("AWS/DynamoDB ReadThrottleEvents TableName=Table GlobalSecondaryIndexName=due", 9.0)],
        reported: &[("TableReadThrottledAlarm", 0)],
        ..USUAL
    },
    Condition {
        name: "the sweeper's schedule is disabled",
        running: Running::NoSweeper,
        reported: &[("SweeperSilentAlarm", 10)],
        ..USUAL
    },
    Condition { name: "two sweeps are lost", lasts: 2, running: Running::NoSweeper, ..USUAL },
    Condition {
        name: "the reconciler's schedule is disabled",
        lasts: 600,
        running: Running::NoReconciler,
        reported: &[("ReconcilerSilentAlarm", 180)],
        ..USUAL
    },
    Condition {
        name: "both schedules are disabled",
        lasts: 600,
        running: Running::Nothing,
        reported: &[("SweeperSilentAlarm", 24), ("ReconcilerSilentAlarm", 220)],
        ..USUAL
    },
    Condition {
        name: "the mapping of the stream is disabled, and a session starts now and then",
        lasts: 600,
        one_in: 200,
        measured: &[("Postern LateRules", 1.0)],
        reported: &[("LateRulesAlarm", 160)],
        ..USUAL
    },
    Condition {
        name: "the mapping of the queue of timers is disabled",
        measured: &[(TIMERS_AGE, 900.0)],
        reported: &[("SessionEndsLateAlarm", 3)],
        ..USUAL
    },
    Condition {
        name: "the stream waits for one group",
        measured: &[(STREAM_AGE, 400_000.0)],
        reported: &[("RuleWorkerLateAlarm", 5)],
        ..USUAL
    },
    Condition {
        name: "a record has failed 20 times, and its message lies there until somebody deletes it",
        lasts: 300,
        measured: &[(FAILURES, 1.0)],
        reported: &[("WorkerFailuresAlarm", 0)],
        ..USUAL
    },
    Condition {
        name: "the stream's worker finds no concurrency",
        measured: &[(WORKER_THROTTLES, 3.0), (ALL_THROTTLES, 3.0)],
        reported: &[("RuleWorkerThrottledAlarm", 5), ("FunctionsThrottledAlarm", 5)],
        ..USUAL
    },
    Condition {
        name: "a function of requests finds no concurrency",
        measured: &[(ALL_THROTTLES, 3.0), (REQUESTS, 10.0), (ERRORS, 3.0)],
        reported: &[("FunctionsThrottledAlarm", 5), ("ApiErrorsAlarm", 1), ("ApiErrorShareAlarm", 0)],
        ..USUAL
    },
    Condition { name: "one invocation is throttled", lasts: 1, measured: &[(ALL_THROTTLES, 1.0)], ..USUAL },
    Condition {
        name: "something due fails once",
        lasts: 1,
        measured: &[("Postern FailedWork", 1.0)],
        reported: &[("FailedWorkAlarm", 0)],
        ..USUAL
    },
    Condition {
        name: "a rule is stuck, and every comparison says so",
        lasts: 600,
        one_in: 60,
        measured: &[("Postern StuckRules", 1.0)],
        reported: &[("StuckRulesAlarm", 0)],
        ..USUAL
    },
    Condition {
        name: "an account does not answer for two hours, and is tried every ten minutes",
        lasts: 120,
        one_in: 10,
        measured: &[("Postern PostponedWork", 1.0)],
        reported: &[("PostponedWorkAlarm", 60)],
        ..USUAL
    },
    Condition {
        name: "an account does not answer for a quarter of an hour",
        lasts: 15,
        measured: &[("Postern PostponedWork", 9.0)],
        ..USUAL
    },
    Condition {
        name: "each of ten requests a day fails",
        lasts: 1440,
        one_in: 144,
        measured: &[(REQUESTS, 1.0), (ERRORS, 1.0)],
        reported: &[("ApiErrorShareAlarm", 144)],
        ..USUAL
    },
    Condition {
        name: "one of ten requests a day fails",
        lasts: 1,
        measured: &[(REQUESTS, 1.0), (ERRORS, 1.0)],
        ..USUAL
    },
    Condition {
        name: "of a million requests a day, one in a thousand fails",
        lasts: 1440,
        measured: &[(REQUESTS, 694.0), (ERRORS, 0.694)],
        ..USUAL
    },
    Condition {
        name: "of a million requests a day, one in fifty fails",
        lasts: 1440,
        measured: &[(REQUESTS, 694.0), (ERRORS, 14.0)],
        reported: &[("ApiErrorsAlarm", 0)],
        ..USUAL
    },
    Condition {
        name: "of a million requests a day, all fail for five minutes",
        lasts: 5,
        measured: &[(REQUESTS, 694.0), (ERRORS, 694.0)],
        reported: &[("ApiErrorsAlarm", 0), ("ApiErrorShareAlarm", 0)],
        ..USUAL
    },
    Condition {
        name: "an hour of a maintenance in which all stands still, with the switch",
        running: Running::Nothing,
        reported: &[("SweeperSilentAlarm", 24)],
        ..USUAL
    },
];

impl Condition {
    fn metrics(&self) -> Metrics {
        stack(2, WRONG..WRONG + self.lasts, self.running, |metrics, minute| {
            if minute % self.one_in == 0 {
                for (metric, value) in self.measured {
                    metrics.put(metric, minute, *value);
                }
            }
        })
    }
}

#[test]
fn each_condition_is_reported_by_its_alarms_and_no_other_and_each_alarm_ends() {
    for condition in &CONDITIONS {
        let reported = reports(&condition.metrics());
        let names = |of: &[(String, i64)]| of.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>();
        let expected: Vec<_> =
            condition.reported.iter().map(|(name, by)| (String::from(*name), *by)).collect();
        assert_eq!(names(&reported), names(&expected), "{}", condition.name);
        for (name, by) in &expected {
            let (_, found) = reported.iter().find(|(found, _)| found == name).unwrap();
            assert!((0..=*by).contains(found), "{}: {name} after {found} minutes", condition.name);
        }
    }
}

#[test]
fn every_alarm_reports_some_condition() {
    let reported: BTreeSet<_> = CONDITIONS.iter().flat_map(|of| of.reported).map(|(name, _)| *name).collect();
    let all = alarms();
    let all: BTreeSet<_> = all.iter().map(|alarm| alarm.name.as_str()).collect();
    assert_eq!(reported, all);
}

#[test]
fn conditions_speak_of_metrics_that_alarms_look_at() {
    let all = alarms();
    let looked_at: BTreeSet<_> =
        all.iter().flat_map(|alarm| &alarm.queries).map(|of| of.metric.clone()).collect();
    let spoken_of: BTreeSet<_> =
        CONDITIONS.iter().flat_map(|condition| condition.metrics().names()).collect();
    assert_eq!(spoken_of.difference(&looked_at).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// CloudFormation makes alarms before or after the schedules. The reconciler may come first, and may come after five minutes.
#[test]
fn nothing_is_reported_while_a_stack_is_new() {
    for first in [0, 1, 4, 5, 6, 59, 600] {
        assert_eq!(reports(&stack(first, 0..0, Running::All, |_, _| {})), [], "after {first} minutes");
        let reconciler_first = stack(first, first..first + 2, Running::NoSweeper, |_, _| {});
        assert_eq!(reports(&reconciler_first), [], "the reconciler first, after {first} minutes");
        let sweeper_first = stack(first, first..first + 5, Running::NoReconciler, |_, _| {});
        assert_eq!(reports(&sweeper_first), [], "the sweeper first, after {first} minutes");
    }
}

/// AWS's pages disagree about a filter's default value: by one it is reported while nothing is logged, by another it is not.
#[test]
fn nothing_is_reported_when_default_values_come_before_the_first_run() {
    let mut metrics = stack(5, 0..0, Running::All, |_, _| {});
    for minute in 0..5 {
        metrics.put(SWEEPS, minute, 0.0);
        metrics.put(COMPARISONS, minute, 0.0);
    }
    assert_eq!(reports(&metrics), []);
}

/// PutMetricAlarm, "EvaluationPeriods": a day at most.
#[test]
fn no_alarm_looks_back_for_more_than_a_day() {
    let long: Vec<_> =
        alarms().into_iter().filter(|alarm| alarm.minutes() > 1440).map(|alarm: Alarm| alarm.name).collect();
    assert_eq!(long, Vec::<String>::new());
}
