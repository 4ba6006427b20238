//! What an operation costs: counted with the meter on, timed with it off.

use serde_json::{Value, json};
use std::future::Future;
use std::time::{Duration, Instant};
use support::TestApp;

/// What something costs. Fractions come of what is shared.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Cost {
    /// Calls of DynamoDB.
    pub(crate) calls: f64,
    /// Of these, transactions.
    pub(crate) transactions: f64,
    /// Calls of DynamoDB and KMS that wait for each other.
    pub(crate) rounds: f64,
    /// Calls that were refused, for which the engine names no units.
    pub(crate) refused: f64,
    /// Read units.
    pub(crate) reads: f64,
    /// Write units.
    pub(crate) writes: f64,
    /// Calls of KMS.
    pub(crate) kms: f64,
    /// Calls of the provider.
    pub(crate) provider: f64,
}

impl Cost {
    fn each(self, other: Self, of: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            calls: of(self.calls, other.calls),
            transactions: of(self.transactions, other.transactions),
            rounds: of(self.rounds, other.rounds),
            refused: of(self.refused, other.refused),
            reads: of(self.reads, other.reads),
            writes: of(self.writes, other.writes),
            kms: of(self.kms, other.kms),
            provider: of(self.provider, other.provider),
        }
    }

    /// What each further one costs, where this is the cost of `more` further ones and `first` that of the first.
    pub(crate) fn further(self, first: Self, more: usize) -> Self {
        self.each(first, |all, first| (all - first) / more as f64)
    }

    pub(crate) fn json(self) -> Value {
        json!({
            "calls": self.calls, "transactions": self.transactions, "rounds": self.rounds, "refused": self.refused,
            "reads": self.reads, "writes": self.writes, "kms": self.kms, "provider": self.provider,
        })
    }
}

/// How long each answer is held back where the chain of calls is counted.
const PAUSE: Duration = Duration::from_millis(15);

/// Does something with the meter on.
pub(crate) async fn metered<T>(app: &TestApp, work: impl Future<Output = T>) -> (T, Cost) {
    metered_with(app, PAUSE, work).await
}

/// The same at its own pace: the chain of calls is not to be relied on.
pub(crate) async fn metered_at_once<T>(app: &TestApp, work: impl Future<Output = T>) -> (T, Cost) {
    metered_with(app, Duration::ZERO, work).await
}

async fn metered_with<T>(app: &TestApp, pause: Duration, work: impl Future<Output = T>) -> (T, Cost) {
    let provider = app.cloud.calls();
    app.proxy.switch_meter_on(pause);
    let done = work.await;
    let metered = app.proxy.take_metered();
    app.proxy.switch_meter_off();
    app.proxy.take_calls();
    let cost = Cost {
        calls: metered.calls as f64,
        transactions: metered.transactions as f64,
        rounds: metered.rounds as f64,
        refused: metered.refused as f64,
        reads: metered.reads,
        writes: metered.writes,
        kms: metered.kms as f64,
        provider: (app.cloud.calls() - provider) as f64,
    };
    (done, cost)
}

/// Does something, and says how long it took.
pub(crate) async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    #[expect(clippy::disallowed_methods, reason = "what is measured is time")]
    let began = Instant::now();
    let done = work.await;
    (done, began.elapsed())
}

/// The middle one.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Milliseconds.
pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
