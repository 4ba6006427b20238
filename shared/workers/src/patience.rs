//! Patience: how long a visit waits for its provider. Time for the table does not count, because a slow table is not the provider's
//! fault.

use firewall::FirewallError;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The remaining time for which a visit waits for its provider.
pub(crate) struct Patience(Mutex<Duration>);

impl Patience {
    pub(crate) fn of(time: Duration) -> Self {
        Self(Mutex::new(time))
    }

    fn left(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the time is over.
    pub(crate) fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// Waits for a call while there is time. An abandoned call may still take effect.
    ///
    /// # Errors
    /// The provider's; `Unreachable` if the time is over.
    pub(crate) async fn wait_for<T>(
        &self,
        call: impl Future<Output = Result<T, FirewallError>>,
    ) -> Result<T, FirewallError> {
        let began = Instant::now();
        let outcome = tokio::time::timeout(self.left(), call).await;
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.saturating_sub(began.elapsed());
        outcome.unwrap_or_else(|_| {
            *left = Duration::ZERO;
            Err(FirewallError::Unreachable("the provider took too long".into()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn call(seconds: u64) -> Result<u64, FirewallError> {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        Ok(seconds)
    }

    #[tokio::test(start_paused = true)]
    async fn only_calls_take_time_and_all_of_them_together_have_a_bound() {
        let patience = Patience::of(Duration::from_secs(5));
        assert_eq!(patience.wait_for(call(3)).await, Ok(3));
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(!patience.is_over());
        assert!(patience.wait_for(call(3)).await.is_err() && patience.is_over());
        assert!(patience.wait_for(call(1)).await.is_err());
    }
}
