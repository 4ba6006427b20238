//! Values that are fetched and kept between requests: an issuer's keys, or a secret. docs/adr/0003.

use futures_util::future::BoxFuture;
use model::time::Timestamp;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::timeout;

use crate::fetch::FetchFault;

/// Seconds after which a value is read again, unless a deployment sets another time.
pub const REFRESH_SECONDS: i64 = 600;
/// Seconds for which the last good value serves while its source fails. After that, a key that was withdrawn meanwhile would be trusted for too
/// long.
pub const STALE_SECONDS: i64 = 24 * 3600;
/// Least seconds between two reads. Callers with invented keys cannot cause more.
const PAUSE_SECONDS: i64 = 60;
/// Least seconds between two reads while there is no value, and so no caller can be admitted.
const FIRST_PAUSE_SECONDS: i64 = 5;
/// Longest wait of a request that can go on with the old value.
const RENEWAL: Duration = Duration::from_secs(1);
/// Longest wait of a request that needs a new value.
const NEEDED: Duration = Duration::from_secs(5);

/// Reads a value from its source.
pub type Load<T> = Box<dyn Fn() -> BoxFuture<'static, Result<T, FetchFault>> + Send + Sync>;

/// Why nothing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// There is no value, or it is too old.
    Value,
    /// The value does not hold what was looked for, and may not be read again yet.
    Match,
}

struct State<T> {
    value: Option<(Arc<T>, Timestamp)>,
    asked: Option<Timestamp>,
}

/// A value that is read when it is first needed, when it is old, and when it lacks what a request looks for.
///
/// Every read belongs to a request and ends before the request's answer. Lambda freezes an environment between two requests, so a read in the
/// background would never end.
pub struct Cached<T> {
    /// The name of the value, for the log.
    what: &'static str,
    load: Load<T>,
    max_age: i64,
    state: Mutex<State<T>>,
    /// Held during a read, so that other requests wait for it instead of reading too.
    turn: tokio::sync::Mutex<()>,
}

impl<T> fmt::Debug for Cached<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cached({})", self.what)
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.unix_seconds() - from.unix_seconds()
}

impl<T> Cached<T> {
    /// A value that has not been read yet.
    pub fn new(what: &'static str, load: Load<T>) -> Self {
        let state = Mutex::new(State { value: None, asked: None });
        Self { what, load, max_age: REFRESH_SECONDS, state, turn: tokio::sync::Mutex::default() }
    }

    /// Sets after how many seconds the value is read again.
    #[must_use]
    pub fn renewed_after(mut self, seconds: i64) -> Self {
        self.max_age = seconds;
        self
    }

    /// Reads the value before the first request.
    pub async fn warm_up(&self, now: Timestamp) {
        let _ = self.find(now, |_| Some(())).await;
    }

    /// What `look` finds in the value. If it finds nothing, the value is read again: a new key may have been published.
    ///
    /// # Errors
    /// [`Missing`].
    pub async fn find<R>(&self, now: Timestamp, look: impl Fn(&T) -> Option<R>) -> Result<R, Missing> {
        self.renew(now).await;
        let seen = self.usable(now);
        if let Some(found) = seen.as_deref().and_then(&look) {
            return Ok(found);
        }
        let turn = self.turn.lock().await;
        // The request that had the turn before may have read a new value.
        if self.is_still(seen.as_ref(), now) && self.may_ask(now) {
            self.read(NEEDED).await;
        }
        drop(turn);
        let value = self.usable(now).ok_or(Missing::Value)?;
        if seen.is_some_and(|seen| Arc::ptr_eq(&seen, &value)) {
            return Err(Missing::Match);
        }
        look(&value).ok_or(Missing::Match)
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn usable(&self, now: Timestamp) -> Option<Arc<T>> {
        let state = self.state();
        let (value, read) = state.value.as_ref()?;
        (seconds(*read, now) < STALE_SECONDS).then(|| Arc::clone(value))
    }

    /// Whether the value is unchanged since it was seen.
    fn is_still(&self, seen: Option<&Arc<T>>, now: Timestamp) -> bool {
        match (seen, self.usable(now)) {
            (Some(seen), Some(value)) => Arc::ptr_eq(seen, &value),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    /// Whether the value may be read now. If so, the next read must wait.
    fn may_ask(&self, now: Timestamp) -> bool {
        let mut state = self.state();
        let pause = if state.value.is_some() { PAUSE_SECONDS.min(self.max_age) } else { FIRST_PAUSE_SECONDS };
        let may = state.asked.is_none_or(|asked| seconds(asked, now) >= pause);
        if may {
            state.asked = Some(now);
        }
        may
    }

    /// Reads an old value again. A request goes on with the old value while another request reads, and when the source does not answer at once.
    async fn renew(&self, now: Timestamp) {
        let is_old = self.state().value.as_ref().is_some_and(|(_, read)| seconds(*read, now) >= self.max_age);
        if !is_old {
            return;
        }
        let Ok(_turn) = self.turn.try_lock() else { return };
        if self.may_ask(now) {
            self.read(RENEWAL).await;
        }
    }

    /// Reads the value. A failed read keeps the old one.
    async fn read(&self, longest: Duration) {
        let read = timeout(longest, (self.load)()).await;
        match read.unwrap_or_else(|_| Err(FetchFault(format!("no answer within {longest:?}")))) {
            Ok(value) => {
                let mut state = self.state();
                let asked = state.asked.unwrap_or(Timestamp::MAX);
                state.value = Some((Arc::new(value), asked));
            }
            Err(why) => tracing::warn!(%why, "{} cannot be read", self.what),
        }
    }
}

#[cfg(test)]
mod tests;
