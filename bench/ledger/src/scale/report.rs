//! The growth as JSON and as tables.

use serde_json::{Value, json};

use super::Sample;
use bench_page::{self as page, markdown, spoken};

/// Units and calls may be so many times those of the smallest size and still be called flat: what one more item in a page makes.
const FLAT_UNITS: f64 = 1.25;
/// Time likewise: what a run on a busy machine may differ by.
const FLAT_TIME: f64 = 2.0;

/// The verdict on an operation whose calls, units and time stay the same at every size.
const FLAT: &str = "flat";

fn json_of(sample: &Sample) -> Value {
    json!({"what": sample.what, "size": sample.size, "cost": sample.cost.json(), "milliseconds": sample.millis})
}

/// The samples of each operation, in the order of the sizes.
fn by_operation(samples: &[Sample]) -> Vec<(&str, Vec<&Sample>)> {
    let mut groups: Vec<(&str, Vec<&Sample>)> = Vec::new();
    for sample in samples {
        match groups.iter_mut().find(|(what, _)| *what == sample.what) {
            Some((_, of)) => of.push(sample),
            None => groups.push((&sample.what, vec![sample])),
        }
    }
    groups
}

fn ratio(of: &[&Sample], value: impl Fn(&Sample) -> f64) -> f64 {
    let (first, last) = (value(of[0]), value(of[of.len() - 1]));
    if first == last { 1.0 } else { last / first.max(0.5) }
}

fn units(sample: &Sample) -> f64 {
    sample.cost.reads + sample.cost.writes
}

/// The size from which on the units are those of the largest, if it is not the largest alone.
fn flat_from(of: &[&Sample]) -> Option<usize> {
    let last = *of.last()?;
    let is_like_last = |sample: &Sample| {
        let of_both = [sample, last];
        ratio(&of_both, units) <= FLAT_UNITS && ratio(&of_both, |sample| sample.cost.calls) <= FLAT_UNITS
    };
    let first = of.iter().rposition(|sample| !is_like_last(sample)).map_or(0, |place| place + 1);
    (first + 1 < of.len()).then_some(first)
}

fn verdict(of: &[&Sample]) -> String {
    let Some(first) = flat_from(of) else { return "**grows**".into() };
    let text = match first {
        0 => FLAT.into(),
        first => format!("flat from {} on", spoken(of[first].size as f64, 0)),
    };
    match ratio(&of[first..], |sample| sample.millis) <= FLAT_TIME {
        true => text,
        false => text + " in units, not in time",
    }
}

/// A count at the smallest size, and at the largest if it is another one.
fn span(of: &[&Sample], value: impl Fn(&Sample) -> f64) -> String {
    let (first, last) = (spoken(value(of[0]), 1), spoken(value(of[of.len() - 1]), 1));
    if first == last { first } else { format!("{first} … {last}") }
}

/// Operations against a size.
pub(super) fn growth(name: &str, size: &str, samples: &[Sample]) {
    page::json(&format!("scale-{name}"), &samples.iter().map(json_of).collect());
    let groups = by_operation(samples);
    let (flat, growing): (Vec<_>, Vec<_>) = groups.iter().partition(|(_, of)| verdict(of) == FLAT);
    let rows = growing.iter().map(|(what, of)| {
        let (first, last) = (of[0], of[of.len() - 1]);
        vec![
            (*what).to_owned(),
            format!("{} … {}", spoken(first.size as f64, 0), spoken(last.size as f64, 0)),
            span(of, |sample| sample.cost.calls),
            span(of, |sample| sample.cost.reads),
            span(of, |sample| sample.cost.writes),
            spoken(ratio(of, |sample| sample.millis), 1),
            verdict(of),
        ]
    });
    let head = ["Operation", size, "Calls", "Read units", "Write units", "Time, times the first", ""];
    let flat: Vec<_> = flat.iter().map(|(what, _)| *what).collect();
    let mut rows: Vec<_> = rows.collect();
    rows.push([&flat.join("; "), "", "", "", "", "", FLAT].map(str::to_owned).into());
    page::table(&format!("scale-{name}"), &markdown(&head, &rows));
}

/// Calls, write units and milliseconds of a sample.
fn counts(sample: &Sample) -> String {
    let numbers = [sample.cost.calls, sample.cost.writes, sample.millis];
    numbers.map(|number| spoken(number, 0)).join(" / ")
}

/// Sessions of many resources.
pub(super) fn starts(samples: &[Sample]) {
    page::json("scale-start", &samples.iter().map(json_of).collect());
    let sizes = samples.iter().filter(|sample| sample.what == "start").map(|sample| sample.size);
    let rows = sizes.map(|size| {
        let mut row = vec![spoken(size as f64, 0)];
        row.extend(["start", "rules are applied", "stop"].iter().map(|what| {
            let sample = samples.iter().find(|sample| sample.size == size && sample.what == *what);
            sample.map_or_else(String::new, counts)
        }));
        row
    });
    let head = ["Resources", "Start", "Rules are applied", "Stop"];
    page::table("scale-start", &markdown(&head, &rows.collect::<Vec<_>>()));
}

/// Runs of the sweeper.
pub(super) fn sweep(runs: &[(Sample, Value)]) {
    let members = runs.iter().map(|(sample, rest)| json!({"run": json_of(sample), "after": rest}));
    page::json("scale-sweep", &members.collect());
    let rows = runs.iter().map(|(sample, rest)| {
        let cost = sample.cost;
        let mut row = vec![sample.size.to_string()];
        row.push(rest["report"]["sessionsEnded"].to_string());
        row.push(rest["rulesLeft"].to_string());
        let counts = [cost.calls, cost.reads, cost.writes, cost.provider];
        row.extend(counts.map(|count| spoken(count, 1)));
        row.push(spoken(sample.millis / 1000.0, 1));
        row
    });
    let head =
        ["Run", "Sessions ended", "Rules left", "Calls", "Read units", "Write units", "Provider", "Seconds"];
    page::table("scale-sweep", &markdown(&head, &rows.collect::<Vec<_>>()));
}
