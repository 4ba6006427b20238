//! What every function costs.

mod report;
mod routes;
mod workers;

use crate::measure::Cost;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// One thing that a function does, and what that costs.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// The function's name.
    pub(crate) function: &'static str,
    /// The route, or what a worker does.
    pub(crate) what: String,
    /// Whether it is a run of the function of its own, or a part of one.
    pub(crate) is_run: bool,
    pub(crate) cost: Cost,
}

impl Row {
    pub(crate) fn new(function: &'static str, what: &str, cost: Cost) -> Self {
        Self { function, what: what.into(), is_run: true, cost }
    }

    /// What comes to a run with each thing more.
    pub(crate) fn part(function: &'static str, what: &str, cost: Cost) -> Self {
        Self { is_run: false, ..Self::new(function, what, cost) }
    }
}

/// Measures, and writes down or compares.
pub(crate) async fn run(milliseconds: Option<&Path>, against: Option<&Path>) {
    let mut rows = routes::rows().await;
    rows.extend(workers::rows().await);
    every_function_has_a_row(&rows);
    let read = |path: &Path| -> Value {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).expect("JSON")
    };
    match against {
        Some(path) => report::compare(&rows, &read(path)),
        None => report::write(&rows, &milliseconds.map(read).unwrap_or_default()),
    }
}

/// A function without a row costs what nobody knows.
fn every_function_has_a_row(rows: &[Row]) {
    let measured: BTreeSet<&str> = rows.iter().map(|row| row.function).collect();
    let there = functions::all().into_iter().map(|(name, _)| name);
    let there: BTreeSet<&str> = there.chain(functions::workers().into_iter().map(|(name, _)| name)).collect();
    assert_eq!(measured, there, "a function has no row of costs, or a row no function");
}
