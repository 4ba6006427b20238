//! When an alarm changes its state (CloudWatch User Guide, "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing
//! data"). An alarm is evaluated each minute, on periods that end with it.

use serde_yaml_ng::Value as Yaml;

use super::rule::{Alarm, Metrics, Missing};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Ok,
    Alarm,
    /// There is no data, or not enough.
    Silent,
}

/// Periods beyond those that are evaluated from which values are taken where some are missing. AWS says "more", and shows two.
const MORE: usize = 2;

/// The state that follows from periods, the newest last. They are more than `n`, because values of older ones take the place of those
/// that are missing.
fn next(periods: &[Option<bool>], (m, n): (usize, usize), missing: Missing, before: State) -> State {
    let real: Vec<bool> = periods.iter().copied().flatten().collect();
    let breaches = |real: &[bool]| real.iter().filter(|is_breach| **is_breach).count();
    let state = |is_alarm| if is_alarm { State::Alarm } else { State::Ok };
    if real.len() >= n {
        return state(breaches(&real[real.len() - n..]) >= m);
    }
    let filled = n - real.len();
    match missing {
        Missing::Breaching => state(breaches(&real) + filled >= m),
        Missing::NotBreaching => state(breaches(&real) >= m),
        Missing::NotCounted | Missing::Ignore if real.is_empty() => {
            if missing == Missing::NotCounted {
                State::Silent
            } else {
                before
            }
        }
        Missing::NotCounted | Missing::Ignore if breaches(&real) < real.len() => state(breaches(&real) >= m),
        Missing::Ignore => before,
        // A breach that is old enough counts also when nothing followed.
        Missing::NotCounted => {
            let last = &periods[periods.len() - n..];
            let age = last.iter().position(Option::is_some).map(|place| n - place);
            if age >= Some(m) { State::Alarm } else { before }
        }
    }
}

impl Alarm {
    /// The state after a minute.
    fn after(&self, metrics: &Metrics, minute: i64, before: State) -> State {
        let periods = (0..self.periods + MORE).rev().map(|back| self.is_breach(metrics, minute, back));
        let periods: Vec<_> = periods.collect();
        next(&periods, (self.datapoints, self.periods), self.missing, before)
    }

    /// The changes of its state in some minutes: when, and to what.
    pub(super) fn changes(&self, metrics: &Metrics, minutes: std::ops::Range<i64>) -> Vec<(i64, State)> {
        let (mut state, mut changes) = (State::Silent, Vec::new());
        for minute in minutes {
            let after = self.after(metrics, minute, state);
            if after != state {
                changes.push((minute, after));
            }
            state = after;
        }
        changes
    }
}

/// The two tables of the User Guide: 3 of 3 and 2 of 3 periods.
#[test]
fn missing_data_is_treated_as_the_user_guide_shows() {
    use State::{Alarm, Ok, Silent};
    let kept = Ok;
    let table = [
        (3, "0-X-X", [Ok, Ok, Ok, Ok]),
        (3, "----0", [Ok, Ok, Ok, Ok]),
        (3, "-----", [Silent, kept, Alarm, Ok]),
        (3, "0XX-X", [Alarm, Alarm, Alarm, Alarm]),
        (3, "--X--", [Alarm, kept, Alarm, Ok]),
        (2, "0-X-X", [Alarm, Alarm, Alarm, Alarm]),
        (2, "00X0X", [Alarm, Alarm, Alarm, Alarm]),
        (2, "0-X--", [Ok, Ok, Alarm, Ok]),
        (2, "----0", [Ok, Ok, Alarm, Ok]),
        (2, "---X-", [Alarm, kept, Alarm, Ok]),
    ];
    let treatments = [Missing::NotCounted, Missing::Ignore, Missing::Breaching, Missing::NotBreaching];
    for (m, periods, expected) in table {
        let points: Vec<_> = periods.chars().map(|point| (point != '-').then_some(point == 'X')).collect();
        for (missing, expected) in treatments.into_iter().zip(expected) {
            assert_eq!(next(&points, (m, 3), missing, kept), expected, "{m} of 3, {periods}, {missing:?}");
        }
    }
}

fn alarm(yaml: &str) -> Alarm {
    Alarm::read("Tried", &serde_yaml_ng::from_str::<Yaml>(yaml).unwrap())
}

/// What an alarm on DynamoDB's own metric does: it stays as it is for ever, and reports once.
#[test]
fn a_throttle_without_fill_never_ends() {
    let metric = "AWS/DynamoDB WriteThrottleEvents TableName=Table";
    let mut metrics = Metrics::default();
    metrics.put(metric, 100, 1.0);
    metrics.put(metric, 105, 1.0);
    let plain = "{Namespace: AWS/DynamoDB, MetricName: WriteThrottleEvents, Statistic: Sum, Period: 300, EvaluationPeriods: 2,
        Dimensions: [{Name: TableName, Value: !Ref Table}], ComparisonOperator: GreaterThanOrEqualToThreshold, Threshold: 1,
        TreatMissingData: notBreaching}";
    assert_eq!(alarm(plain).changes(&metrics, 0..10_000), [(105, State::Alarm)]);
}

/// What an alarm on silence does that takes missing data for a breach.
#[test]
fn silence_as_a_breach_is_an_alarm_before_the_first_run() {
    let mut metrics = Metrics::default();
    (10..100).for_each(|minute| metrics.put("Postern Sweeps", minute, 1.0));
    let breaching =
        "{Namespace: Postern, MetricName: Sweeps, Statistic: Sum, Period: 300, EvaluationPeriods: 2,
        ComparisonOperator: LessThanThreshold, Threshold: 1, TreatMissingData: breaching}";
    assert_eq!(alarm(breaching).changes(&metrics, 0..100)[0], (0, State::Alarm));
}
