//! What the description allows of a request the code takes, and nothing else: values at the edges of each member of each body and
//! of each parameter, generated from the description, which also says whether they are valid.

mod bodies;
mod candidates;
mod parameters;

use serde_json::Value;
use std::collections::BTreeSet;

use self::candidates::parts;

/// What the code said to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It was taken, or refused for what is or is not there.
    Taken,
    Refused,
}

/// The limits of a member that values have shown to hold: accepted on one side, refused on the other.
#[derive(Debug, Default)]
struct Shown(BTreeSet<(String, &'static str, Side)>);

/// Which side of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Within,
    Beyond,
}

/// The keywords that set a limit, each with the step that leads beyond it.
const LIMITS: [(&str, i64); 4] = [("minLength", -1), ("maxLength", 1), ("minimum", -1), ("maximum", 1)];

/// What a limit counts of a value.
fn measure(keyword: &str, value: &Value) -> Option<i64> {
    match keyword {
        "minLength" | "maxLength" => i64::try_from(value.as_str()?.chars().count()).ok(),
        _ => value.as_i64(),
    }
}

impl Shown {
    /// Takes note of what a value shows about the limits of its schema.
    fn note(&mut self, place: &str, schema: &Value, value: &Value, verdict: Verdict) {
        for (keyword, limit, step) in limits(schema) {
            let measured = measure(keyword, value);
            if verdict == Verdict::Taken && measured == Some(limit) {
                self.0.insert((place.into(), keyword, Side::Within));
            }
            if verdict == Verdict::Refused && measured == Some(limit + step) {
                self.0.insert((place.into(), keyword, Side::Beyond));
            }
        }
    }

    /// The limits of a member that nothing has shown.
    fn missing(&self, place: &str, schema: &Value) -> Vec<String> {
        let mut missing = Vec::new();
        for (keyword, limit, _) in limits(schema) {
            for side in [Side::Within, Side::Beyond] {
                if !self.0.contains(&(place.into(), keyword, side)) {
                    missing.push(format!("{place}: nothing has shown {keyword} {limit}, {side:?}"));
                }
            }
        }
        missing
    }
}

fn limits(schema: &Value) -> Vec<(&'static str, i64, i64)> {
    let of_part = |part: &Value| {
        let limits =
            LIMITS.into_iter().filter_map(|(keyword, step)| Some((keyword, part[keyword].as_i64()?, step)));
        limits.collect::<Vec<_>>()
    };
    parts(schema).into_iter().flat_map(of_part).collect()
}
