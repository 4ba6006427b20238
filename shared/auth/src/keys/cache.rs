//! An issuer's keys, kept between requests.

use model::time::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::set::KeySet;
use super::source::{Fetch, FetchFault, KeySource, key_set};

/// Seconds after which a set is fetched anew, beside the requests that go on with the old one.
pub const REFRESH_SECONDS: i64 = 600;
/// Seconds for which the last good set serves while no new one can be had. After a day without its issuer, a key that was
/// withdrawn meanwhile would be trusted for too long.
pub const STALE_SECONDS: i64 = 24 * 3600;
/// Seconds between two fetches, whatever key a token names.
const PAUSE_SECONDS: i64 = 60;
/// Seconds between two fetches while there is no set: nobody can come in.
const FIRST_PAUSE_SECONDS: i64 = 5;

#[derive(Default)]
struct State {
    set: Option<(Arc<KeySet>, Timestamp)>,
    asked: Option<Timestamp>,
    /// Where the set was found.
    url: Option<String>,
}

/// An issuer's keys, fetched when they are first needed, every [`REFRESH_SECONDS`], and for a name that is not among them.
pub(crate) struct KeyCache {
    source: KeySource,
    fetch: Arc<dyn Fetch>,
    state: Mutex<State>,
    /// Held while a set is fetched, so that others wait for it instead of asking too.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// Seconds from one time to another.
fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.unix_seconds() - from.unix_seconds()
}

impl KeyCache {
    pub(crate) fn new(source: KeySource, fetch: Arc<dyn Fetch>) -> Self {
        Self { source, fetch, state: Mutex::default(), turn: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The set with the key of a name, or the best that can be had without it; nothing where no set can be had.
    pub(crate) async fn set_for(self: &Arc<Self>, kid: &str, now: Timestamp) -> Option<Arc<KeySet>> {
        if let Some(set) = self.usable(now).filter(|set| set.find(kid).is_some()) {
            self.refresh_beside(now);
            return Some(set);
        }
        let _turn = self.turn.lock().await;
        // Whoever had the turn before may have brought it.
        if self.usable(now).is_none_or(|set| set.find(kid).is_none()) && self.may_ask(now) {
            self.refresh().await;
        }
        self.usable(now)
    }

    fn usable(&self, now: Timestamp) -> Option<Arc<KeySet>> {
        let state = self.state();
        let (set, fetched) = state.set.as_ref()?;
        (seconds(*fetched, now) < STALE_SECONDS).then(|| Arc::clone(set))
    }

    /// Takes the right to ask now.
    fn may_ask(&self, now: Timestamp) -> bool {
        let mut state = self.state();
        let pause = if state.set.is_some() { PAUSE_SECONDS } else { FIRST_PAUSE_SECONDS };
        let may = state.asked.is_none_or(|asked| seconds(asked, now) >= pause);
        if may {
            state.asked = Some(now);
        }
        may
    }

    /// Fetches a set beside the request, where the one that there is has become old. A function's environment that is frozen
    /// meanwhile goes on with it at its next request.
    fn refresh_beside(self: &Arc<Self>, now: Timestamp) {
        let is_old =
            self.state().set.as_ref().is_some_and(|(_, fetched)| seconds(*fetched, now) >= REFRESH_SECONDS);
        if !is_old {
            return;
        }
        let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() else { return };
        if !self.may_ask(now) {
            return;
        }
        let cache = Arc::clone(self);
        tokio::spawn(async move {
            cache.refresh().await;
            drop(turn);
        });
    }

    /// Fetches a set; one that cannot be had changes nothing.
    async fn refresh(&self) {
        let known = self.state().url.clone();
        match self.fetched(known).await {
            Ok((set, url)) => {
                let mut state = self.state();
                let asked = state.asked.unwrap_or(Timestamp::MAX);
                (state.set, state.url) = (Some((Arc::new(set), asked)), Some(url));
            }
            Err(why) => {
                tracing::warn!(%why, "the issuer's keys cannot be had");
                // They may have moved.
                self.state().url = None;
            }
        }
    }

    async fn fetched(&self, known: Option<String>) -> Result<(KeySet, String), FetchFault> {
        let url = match known {
            Some(url) => url,
            None => self.source.url(self.fetch.as_ref()).await?,
        };
        Ok((key_set(self.fetch.as_ref(), &url).await?, url))
    }
}
