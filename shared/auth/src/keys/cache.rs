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

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::{BoxFuture, join_all};

    const DISCOVERY: &str = "https://id.example/.well-known/openid-configuration";

    /// An issuer whose set has one key, and which counts how often it is asked.
    #[derive(Default)]
    struct Issuer {
        kid: Mutex<&'static str>,
        asked: Mutex<Vec<String>>,
    }

    impl Issuer {
        /// What the set's key is called from now on; an empty name is an outage.
        fn publish(&self, kid: &'static str) {
            *self.kid.lock().unwrap() = kid;
        }

        fn take_asked(&self) -> Vec<String> {
            std::mem::take(&mut self.asked.lock().unwrap())
        }
    }

    impl Fetch for Issuer {
        fn get<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchFault>> {
            self.asked.lock().unwrap().push(url.into());
            let kid = *self.kid.lock().unwrap();
            Box::pin(async move {
                tokio::task::yield_now().await;
                let keys = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"AA","kid":"{kid}"}}]}}"#);
                let found = r#"{"issuer":"https://id.example","jwks_uri":"https://id.example/keys"}"#;
                match (kid, url) {
                    ("", _) => Err(FetchFault(url.into())),
                    (_, DISCOVERY) => Ok(found.into()),
                    _ => Ok(keys.into_bytes()),
                }
            })
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_millis((1_771_410_600 + seconds) * 1000).unwrap()
    }

    fn cache(kid: &'static str) -> (Arc<Issuer>, Arc<KeyCache>) {
        let issuer = Arc::new(Issuer::default());
        issuer.publish(kid);
        let source = KeySource::Url("https://id.example/keys".into());
        (Arc::clone(&issuer), Arc::new(KeyCache::new(source, issuer)))
    }

    /// Whether a set can be had, and whether it has the key.
    async fn found(cache: &Arc<KeyCache>, kid: &str, seconds: i64) -> Option<bool> {
        cache.set_for(kid, at(seconds)).await.map(|set| set.find(kid).is_some())
    }

    async fn let_others_run() {
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_set_serves_until_it_is_old_and_is_then_fetched_beside_the_request() {
        let (issuer, cache) = cache("a");
        for second in [0, 1, REFRESH_SECONDS - 1] {
            assert_eq!(found(&cache, "a", second).await, Some(true));
            let_others_run().await;
        }
        assert_eq!(issuer.take_asked().len(), 1);
        issuer.publish("b");
        assert_eq!(found(&cache, "a", REFRESH_SECONDS).await, Some(true));
        assert_eq!(issuer.take_asked().len(), 0, "the request does not wait");
        let_others_run().await;
        assert_eq!(found(&cache, "b", REFRESH_SECONDS).await, Some(true));
        assert_eq!(issuer.take_asked().len(), 1);
    }

    #[tokio::test]
    async fn an_old_set_is_fetched_by_one_request_and_at_most_once_a_minute() {
        let (issuer, cache) = cache("a");
        assert_eq!(found(&cache, "a", 0).await, Some(true));
        issuer.publish("");
        let _ = issuer.take_asked();
        for (second, asked) in [(0, 1), (1, 0), (59, 0), (60, 1), (61, 0)] {
            for _ in 0..3 {
                assert_eq!(found(&cache, "a", REFRESH_SECONDS + second).await, Some(true));
            }
            let_others_run().await;
            assert_eq!(issuer.take_asked().len(), asked, "{second}");
        }
    }

    #[tokio::test]
    async fn an_unknown_key_is_asked_for_once_a_minute() {
        let (issuer, cache) = cache("a");
        for (second, asked) in [(0, 1), (1, 0), (59, 0), (60, 1), (119, 0), (120, 1)] {
            assert_eq!(found(&cache, "b", second).await, Some(false), "{second}");
            assert_eq!(issuer.take_asked().len(), asked, "{second}");
        }
        issuer.publish("b");
        assert_eq!(found(&cache, "b", 180).await, Some(true));
    }

    #[tokio::test]
    async fn without_a_set_it_is_asked_for_every_five_seconds() {
        let (issuer, cache) = cache("");
        for (second, asked) in [(0, 1), (4, 0), (5, 1), (9, 0), (10, 1)] {
            assert_eq!(found(&cache, "a", second).await, None, "{second}");
            assert_eq!(issuer.take_asked().len(), asked, "{second}");
        }
    }

    #[tokio::test]
    async fn the_last_good_set_serves_for_a_day() {
        assert_eq!(STALE_SECONDS, 86_400);
        let (issuer, cache) = cache("a");
        assert_eq!(found(&cache, "a", 0).await, Some(true));
        issuer.publish("");
        assert_eq!(found(&cache, "a", STALE_SECONDS - 1).await, Some(true));
        assert_eq!(found(&cache, "a", STALE_SECONDS).await, None);
    }

    #[tokio::test]
    async fn who_comes_meanwhile_waits_for_the_one_fetch() {
        let (issuer, cache) = cache("a");
        let all = join_all([0, 1, 100].map(|second| found(&cache, "a", second))).await;
        assert_eq!(all, [Some(true); 3]);
        assert_eq!(issuer.take_asked().len(), 1, "whoever waited takes what was brought");
    }

    #[tokio::test]
    async fn the_discovered_url_is_kept_until_a_fetch_fails() {
        let (issuer, _) = cache("a");
        let source = KeySource::Discovery { issuer: "https://id.example".into() };
        let cache = Arc::new(KeyCache::new(source, Arc::clone(&issuer) as Arc<dyn Fetch>));
        let keys = "https://id.example/keys";
        for (second, kid, asked) in [
            (0, "a", vec![DISCOVERY, keys]),
            (60, "a", vec![keys]),
            (120, "", vec![keys]),
            (180, "a", vec![DISCOVERY, keys]),
        ] {
            issuer.publish(kid);
            assert_eq!(found(&cache, "other", second).await, Some(false), "{second}");
            assert_eq!(issuer.take_asked(), asked, "{second}");
        }
    }
}
