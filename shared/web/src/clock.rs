//! The one place that asks what time it is.

use model::time::Timestamp;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where the time comes from: the system's clock in a function, a test's in a test.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The system's clock.
#[must_use]
pub fn system() -> Clock {
    Arc::new(now)
}

/// A clock that starts with some time and goes so many times as fast as the system's, for `cargo run`.
#[must_use]
pub fn hurried(start: Timestamp, rate: u32) -> Clock {
    let watch = Stopwatch::start();
    Arc::new(move || {
        let millis = i64::try_from(watch.millis()).unwrap_or(i64::MAX).saturating_mul(i64::from(rate));
        Timestamp::from_unix_millis(start.unix_millis().saturating_add(millis)).unwrap_or(Timestamp::MAX)
    })
}

/// The time, to the millisecond.
#[must_use]
pub fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
    // A clock beyond the year 9999 is broken, and fails closed: at the end of the calendar every token has expired.
    Timestamp::from_unix_millis(millis).unwrap_or(Timestamp::MAX)
}

/// Measures how long something takes, for the log.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        Self(Instant::now())
    }

    /// Milliseconds since the start.
    #[must_use]
    pub fn millis(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
