//! What every function costs.

mod lambda;
mod ready;
mod report;
mod routes;
mod workers;

use crate::measure::Cost;
use clap::Args;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

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
    /// How long the function runs for it when it is warm, in milliseconds, where that was measured.
    pub(crate) time: Option<f64>,
}

impl Row {
    pub(crate) fn new(function: &'static str, what: &str, cost: Cost) -> Self {
        Self { function, what: what.into(), is_run: true, cost, time: None }
    }

    /// What comes to a run with each thing more.
    pub(crate) fn part(function: &'static str, what: &str, cost: Cost) -> Self {
        Self { is_run: false, ..Self::new(function, what, cost) }
    }
}

/// What there is to the costs beside the counting.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Warm milliseconds of some functions, and those of peers: JSON, see docs/performance.
    #[arg(long)]
    milliseconds: Option<PathBuf>,
    /// Times the other functions too: their bootstraps are in `POSTERN_LAMBDA_DIR`, or where `cargo lambda build` puts them.
    #[arg(long)]
    time: bool,
    /// A result of another engine, of which the differences are told. Nothing is written then.
    #[arg(long)]
    against: Option<PathBuf>,
}

/// Measures, and writes down or compares.
pub(crate) async fn run(options: &Options) {
    let mut rows = routes::rows().await;
    rows.extend(workers::rows().await);
    every_function_has_a_row(&rows);
    if let Some(path) = &options.against {
        return report::compare(&rows, &read(path));
    }
    let known = options.milliseconds.as_deref().map(read).unwrap_or_default();
    for row in &mut rows {
        row.time = known["functions"][row.function].as_f64().filter(|_| row.is_run);
        if options.time && row.time.is_none() {
            row.time = lambda::milliseconds(row).await;
        }
    }
    report::write(&rows, &known["peers"]);
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

/// A function without a row costs what nobody knows.
fn every_function_has_a_row(rows: &[Row]) {
    let measured: BTreeSet<&str> = rows.iter().map(|row| row.function).collect();
    let there = functions::all().into_iter().map(|(name, _)| name);
    let there: BTreeSet<&str> = there.chain(functions::workers().into_iter().map(|(name, _)| name)).collect();
    assert_eq!(measured, there, "a function has no row of costs, or a row no function");
}
