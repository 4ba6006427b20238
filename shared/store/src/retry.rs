//! Pauses between attempts: exponential with full jitter, so that callers who collided once do not collide again.

use aws_sdk_dynamodb::config::retry::RetryConfig;
use std::time::Duration;

use crate::error::{Cause, StoreError};

/// Attempts after the first. With [`FIRST_PAUSE`] and [`LONGEST_PAUSE`] the pauses add up to 1.7 s on average and to
/// 3.4 s at most, which leaves the function's timeout of 10 s room for an operation that reads again in between.
const RETRIES: u32 = 12;
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// Attempts of the SDK at one call, the first included.
pub const CALL_ATTEMPTS: u32 = 5;
const FIRST_CALL_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_CALL_PAUSE: Duration = Duration::from_secs(1);

/// How the SDK's clients repeat a call that was throttled, failed inside AWS or got no answer. Their own pauses begin at a
/// second, which is a long time for a table that answers in milliseconds; these add up to 0.4 s on average, and to 0.75 s at
/// most.
#[must_use]
pub fn retry_config() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(CALL_ATTEMPTS)
        .with_initial_backoff(FIRST_CALL_PAUSE)
        .with_max_backoff(LONGEST_CALL_PAUSE)
}

/// Counts attempts.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    retries: u32,
}

impl Backoff {
    /// Waits before the next attempt.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when there have been enough.
    pub(crate) async fn pause(&mut self, reason: &str) -> Result<(), StoreError> {
        if self.retries == RETRIES {
            return Err(StoreError::Busy(Cause::new(format!("gave up after {RETRIES} retries: {reason}"))));
        }
        let ceiling = FIRST_PAUSE.saturating_mul(1 << self.retries).min(LONGEST_PAUSE);
        self.retries += 1;
        tokio::time::sleep(ceiling.mul_f64(fastrand::f64())).await;
        Ok(())
    }
}
