//! The template's alarms and metric filters.

use serde_json::Value as Json;
use serde_yaml_ng::Value as Yaml;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::math::Math;
use crate::repository::{resources, usual};

/// What CloudWatch was told, by metric and minute. A metric is its namespace, its name and its dimensions, such as
/// `AWS/Lambda Throttles FunctionName=RuleWorkerFunction`.
#[derive(Debug, Default)]
pub(super) struct Metrics(BTreeMap<String, BTreeMap<i64, Vec<f64>>>);

impl Metrics {
    pub(super) fn put(&mut self, metric: &str, minute: i64, value: f64) {
        self.0.entry(metric.into()).or_default().entry(minute).or_default().push(value);
    }

    /// The statistic of some minutes, where there is any value.
    fn point(&self, metric: &str, minutes: Range<i64>, statistic: &str) -> Option<f64> {
        let values = self.0.get(metric)?.range(minutes).flat_map(|(_, values)| values.iter().copied());
        match statistic {
            "Sum" => values.reduce(|left, right| left + right),
            "Maximum" => values.reduce(f64::max),
            other => panic!("the statistic {other}"),
        }
    }

    pub(super) fn names(&self) -> BTreeSet<String> {
        self.0.keys().cloned().collect()
    }
}

/// A metric that an alarm looks at.
#[derive(Debug)]
pub(super) struct MetricQuery {
    id: String,
    pub(super) metric: String,
    minutes: i64,
    statistic: String,
}

/// What an alarm makes of a period without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    NotCounted,
    Ignore,
    Breaching,
    NotBreaching,
}

/// An alarm of the template.
#[derive(Debug)]
pub(super) struct Alarm {
    pub(super) name: String,
    pub(super) queries: Vec<MetricQuery>,
    result: Math,
    pub(super) periods: usize,
    pub(super) datapoints: usize,
    is_breached_above: bool,
    is_breached_at: bool,
    threshold: f64,
    pub(super) missing: Missing,
    /// Whether somebody hears of it when there is no data any more.
    pub(super) reports_silence: bool,
}

fn text(value: &Yaml) -> String {
    let value = usual(value);
    if let Yaml::Number(number) = value {
        number.to_string()
    } else {
        value.as_str().unwrap_or_default().into()
    }
}

fn metric(of: &Yaml) -> String {
    let namespace = text(&of["Namespace"]).replace("/${AWS::StackName}", "");
    let dimensions = of["Dimensions"].as_sequence().into_iter().flatten();
    let dimensions = dimensions.map(|of| format!(" {}={}", text(&of["Name"]), text(&of["Value"])));
    format!("{namespace} {}{}", text(&of["MetricName"]), dimensions.collect::<String>())
}

fn query(id: &str, of: &Yaml, stat: &Yaml, statistic: &str) -> MetricQuery {
    let minutes = stat["Period"].as_i64().unwrap() / 60;
    MetricQuery { id: id.into(), metric: metric(of), minutes, statistic: text(&stat[statistic]) }
}

impl Alarm {
    pub(super) fn read(name: &str, of: &Yaml) -> Self {
        let (mut queries, mut result) = (Vec::new(), Math::metric("m"));
        match of.get("Metrics").and_then(Yaml::as_sequence) {
            None => queries.push(query("m", of, of, "Statistic")),
            Some(parts) => {
                for part in parts {
                    match part.get("Expression") {
                        Some(expression) => result = Math::parse(&text(expression)),
                        None => {
                            let (id, stat) = (text(&part["Id"]), &part["MetricStat"]);
                            queries.push(query(&id, &stat["Metric"], stat, "Stat"));
                        }
                    }
                }
            }
        }
        let periods = usize::try_from(of["EvaluationPeriods"].as_u64().unwrap()).unwrap();
        let datapoints = of.get("DatapointsToAlarm").and_then(Yaml::as_u64);
        let comparison = text(&of["ComparisonOperator"]);
        let is_of_dynamodb = |query: &MetricQuery| query.metric.starts_with("AWS/DynamoDB ");
        let missing = match text(&of["TreatMissingData"]).as_str() {
            // PutMetricAlarm, "TreatMissingData": whatever else the alarm says.
            _ if queries.iter().any(is_of_dynamodb) => Missing::Ignore,
            "breaching" => Missing::Breaching,
            "notBreaching" => Missing::NotBreaching,
            "ignore" => Missing::Ignore,
            _ => Missing::NotCounted,
        };
        Self {
            name: name.into(),
            queries,
            result,
            periods,
            datapoints: datapoints.map_or(periods, |of| usize::try_from(of).unwrap()),
            is_breached_above: comparison.starts_with("Greater"),
            is_breached_at: comparison.contains("OrEqual"),
            threshold: of["Threshold"].as_f64().unwrap(),
            missing,
            reports_silence: of.get("InsufficientDataActions").is_some(),
        }
    }

    /// Whether the period that ends so many periods before the end of a minute is a breach, where there is a value.
    pub(super) fn is_breach(&self, metrics: &Metrics, minute: i64, back: usize) -> Option<bool> {
        let value = |id: &str| {
            let query = self.queries.iter().find(|query| query.id == id).expect("a metric");
            let end = minute + 1 - i64::try_from(back).unwrap() * query.minutes;
            metrics.point(&query.metric, end - query.minutes..end, &query.statistic)
        };
        let value = self.result.value(&value)?;
        let is_beyond = if self.is_breached_above { value > self.threshold } else { value < self.threshold };
        Some(is_beyond || (self.is_breached_at && (value - self.threshold).abs() < f64::EPSILON))
    }

    /// Minutes of everything that it looks at.
    pub(super) fn minutes(&self) -> i64 {
        self.queries[0].minutes * i64::try_from(self.periods).unwrap()
    }
}

/// A metric filter: what lines it takes, and what it makes of them.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) log_group: String,
    path: String,
    operator: String,
    wanted: Json,
    metric: String,
    value: String,
    default: Option<f64>,
}

impl Filter {
    /// Reads a filter with a pattern of one comparison.
    fn read(of: &Yaml) -> Self {
        let pattern = text(&of["FilterPattern"]);
        let inner = pattern.strip_prefix("{ $").and_then(|rest| rest.strip_suffix(" }")).expect("a pattern");
        let mut words = inner.splitn(3, ' ');
        let mut next = || words.next().unwrap().to_owned();
        let (path, operator, wanted) = (next().replace('.', "/"), next(), next());
        let transformation = &of["MetricTransformations"][0];
        let namespace = text(&transformation["MetricNamespace"]).replace("/${AWS::StackName}", "");
        Self {
            log_group: text(&of["LogGroupName"]),
            path,
            operator,
            wanted: serde_json::from_str(&wanted).unwrap(),
            metric: format!("{namespace} {}", text(&transformation["MetricName"])),
            value: text(&transformation["MetricValue"]),
            default: transformation.get("DefaultValue").and_then(Yaml::as_f64),
        }
    }

    fn takes(&self, line: &Json) -> bool {
        let Some(found) = line.pointer(&self.path) else { return false };
        match self.operator.as_str() {
            "=" => *found == self.wanted,
            ">" => found.as_f64() > self.wanted.as_f64(),
            other => panic!("the operator {other}"),
        }
    }

    /// What the lines of a minute come to.
    pub(super) fn apply(&self, lines: &[Json], minute: i64, metrics: &mut Metrics) {
        let mut is_taken = false;
        for line in lines.iter().filter(|line| self.takes(line)) {
            is_taken = true;
            let path = self.value.strip_prefix('$').map(|path| path.replace('.', "/"));
            let value = path.map_or_else(|| self.value.parse().ok(), |path| line.pointer(&path)?.as_f64());
            metrics.put(&self.metric, minute, value.expect("a number"));
        }
        if let (Some(default), false) = (self.default, is_taken || lines.is_empty()) {
            metrics.put(&self.metric, minute, default);
        }
    }
}

pub(super) fn alarms() -> Vec<Alarm> {
    resources("template.yaml", "AWS::CloudWatch::Alarm")
        .iter()
        .map(|(name, of)| Alarm::read(name, of))
        .collect()
}

pub(super) fn filters() -> Vec<Filter> {
    resources("template.yaml", "AWS::Logs::MetricFilter").iter().map(|(_, of)| Filter::read(of)).collect()
}
