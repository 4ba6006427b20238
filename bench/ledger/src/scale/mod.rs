//! What each operation costs against the size of what there is.

mod filling;
mod links;
mod organization;
mod report;
mod start;
mod sweep;

use crate::measure::{Cost, median, metered_at_once, millis, timed};
use clap::ValueEnum;
use std::future::Future;
use std::time::Duration;
use support::TestApp;

/// A part of the measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Operations in organizations of growing size.
    Organization,
    /// Operations about an object with a growing number of links.
    Links,
    /// Sessions of a growing number of resources.
    Start,
    /// Ten thousand sessions that expire at once.
    Sweep,
}

/// An operation at one size.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) what: String,
    pub(crate) size: usize,
    pub(crate) cost: Cost,
    /// Milliseconds, a median where it was repeated.
    pub(crate) millis: f64,
}

impl Sample {
    /// Something that can be done once: counted and timed in the same run.
    pub(crate) async fn once<T>(
        app: &TestApp,
        (what, size): (&str, usize),
        work: impl Future<Output = T>,
    ) -> (T, Self) {
        let ((done, took), cost) = metered_at_once(app, timed(work)).await;
        (done, Self { what: what.into(), size, cost, millis: millis(took) })
    }

    pub(crate) fn repeated((what, size): (&str, usize), cost: Cost, times: Vec<Duration>) -> Self {
        Self { what: what.into(), size, cost, millis: millis(median(times)) }
    }
}

/// Measures some parts, or all of them.
pub(crate) async fn run(parts: &[Part], largest: usize) {
    let is_wanted = |part: Part| parts.is_empty() || parts.contains(&part);
    if is_wanted(Part::Organization) {
        report::growth(
            "organization",
            "Objects of each kind in the organization",
            &organization::samples(largest).await,
        );
    }
    if is_wanted(Part::Links) {
        report::growth("links", "Links of the object", &links::samples(largest.min(10_000)).await);
    }
    if is_wanted(Part::Start) {
        report::starts(&start::samples().await);
    }
    if is_wanted(Part::Sweep) {
        report::sweep(&sweep::runs(largest.min(10_000)).await);
    }
}
