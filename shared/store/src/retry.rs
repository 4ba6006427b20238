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
        let ceiling = longest(self.retries);
        self.retries += 1;
        tokio::time::sleep(ceiling.mul_f64(fastrand::f64())).await;
        Ok(())
    }
}

/// The longest pause after so many.
fn longest(retries: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << retries).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_leave_the_function_its_time() {
        let pauses: Vec<_> = (0..RETRIES).map(longest).collect();
        assert_eq!(pauses[..5], [20, 40, 80, 160, 320].map(Duration::from_millis));
        assert_eq!(pauses[5..], [LONGEST_PAUSE; 7]);
        assert_eq!(pauses.iter().sum::<Duration>(), Duration::from_millis(3420));
    }
}
