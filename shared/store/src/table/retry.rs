//! Attempts and the pauses between them: exponential with full jitter, so that callers who collided once do not collide again.

use aws_sdk_dynamodb::config::retry::RetryConfig;
use std::time::Duration;

use crate::table::error::{Cause, StoreError};

/// Attempts after the first. The pauses add up to 1.7 s on average and to 3.4 s at most. The function's timeout of 10 s leaves room for
/// the reads in between.
const RETRIES: u32 = 12;
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// Attempts of the SDK at one call, the first included.
pub const CALL_ATTEMPTS: u32 = 5;
const FIRST_CALL_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_CALL_PAUSE: Duration = Duration::from_secs(1);

/// How the SDK's clients repeat a call that was throttled, failed inside AWS or got no answer. The SDK's default pauses begin at a
/// second, which is long for a table that answers in milliseconds. These add up to 0.4 s on average and to 0.75 s at most.
#[must_use]
pub fn retry_config() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(CALL_ATTEMPTS)
        .with_initial_backoff(FIRST_CALL_PAUSE)
        .with_max_backoff(LONGEST_CALL_PAUSE)
}

/// What an attempt came to. `S` is what the next attempt starts from, where that is more than a new read.
#[derive(Debug)]
pub(crate) enum Attempt<T, S = ()> {
    /// The work is done.
    Done(T),
    /// Something else came first: repeat after a pause.
    Stale(S),
    /// A part of the work is done: go on at once, with all attempts left.
    Progress(S),
}

impl<T> Attempt<T> {
    /// Stale, and the next attempt reads everything anew.
    pub(crate) const STALE: Self = Self::Stale(());
}

/// Repeats an attempt until it is done.
///
/// An attempt at a change reads, requires, decides and writes. The write has the condition that nothing has changed since the read. If that
/// condition is false, the attempt is [`Attempt::Stale`], and the next one begins with a new read.
///
/// # Errors
/// Those of the attempt; [`StoreError::Busy`] after the last one. `reason` says in the log what got in the way.
pub(crate) async fn retry_stale<T, Next>(
    reason: &str,
    mut attempt: impl FnMut() -> Next,
) -> Result<T, StoreError>
where
    Next: Future<Output = Result<Attempt<T>, StoreError>>,
{
    retry_stale_from(reason, (), |()| attempt()).await
}

/// The same for attempts that tell the next one something. This is the only loop that repeats.
///
/// The number of attempts is limited, and their time is not: the request's own deadline ends all of its work.
///
/// # Errors
/// As [`retry_stale`].
pub(crate) async fn retry_stale_from<T, S, Next>(
    reason: &str,
    first: S,
    mut attempt: impl FnMut(S) -> Next,
) -> Result<T, StoreError>
where
    Next: Future<Output = Result<Attempt<T, S>, StoreError>>,
{
    let (mut state, mut retries) = (first, 0);
    loop {
        // Boxed, so that the futures of callers stay small: an attempt is the largest part of most operations.
        state = match Box::pin(attempt(state)).await? {
            Attempt::Done(done) => return Ok(done),
            Attempt::Progress(next) => {
                retries = 0;
                next
            }
            Attempt::Stale(_) if retries == RETRIES => {
                let sentence = format!("gave up after {RETRIES} retries: {reason}");
                return Err(StoreError::Busy(Cause::new(sentence)));
            }
            Attempt::Stale(next) => {
                tokio::time::sleep(longest(retries).mul_f64(fastrand::f64())).await;
                retries += 1;
                next
            }
        };
    }
}

/// The longest pause after this many retries.
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
