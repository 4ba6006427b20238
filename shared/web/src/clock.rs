//! The time. Nothing else reads the system's clock.

use model::time::Timestamp;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A source of the time: the system's clock in a function, a test's own in a test.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The system's clock as a source.
#[must_use]
pub fn system() -> Clock {
    Arc::new(now)
}

/// A clock that starts at some time and runs `rate` times as fast as the system's, for `cargo run`.
#[must_use]
pub fn at_rate(start: Timestamp, rate: u32) -> Clock {
    let watch = Stopwatch::start();
    Arc::new(move || {
        let millis = i64::try_from(watch.millis()).unwrap_or(i64::MAX).saturating_mul(i64::from(rate));
        Timestamp::from_unix_millis(start.unix_millis().saturating_add(millis)).unwrap_or(Timestamp::MAX)
    })
}

/// The present time, in milliseconds.
#[must_use]
pub fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
    // A clock beyond the year 9999 is broken. At the end of the calendar every token has expired, so this fails closed.
    Timestamp::from_unix_millis(millis).unwrap_or(Timestamp::MAX)
}

/// Measures a duration for the log.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[must_use]
    pub fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        Self(Instant::now())
    }

    #[must_use]
    pub fn millis(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
