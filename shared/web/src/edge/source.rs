//! The secrets of an edge: from the settings, or from Secrets Manager (ADR 0003).

use auth::{Cached, Fetch, FetchFault, Missing};
use futures_util::future::BoxFuture;
use http::HeaderMap;
use model::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::Arc;

use super::{Edge, SECRET, Secrets};

/// Where the secrets of an edge come from.
#[derive(Debug)]
pub enum EdgeSource {
    /// The settings.
    Given(Edge),
    /// A secret of Secrets Manager. It is read when the function starts, when the value is old, and when a request sends an unknown one.
    Stored(Cached<Edge>),
}

impl From<Edge> for EdgeSource {
    fn from(edge: Edge) -> Self {
        Self::Given(edge)
    }
}

/// The part of the stored secret that the functions read.
#[derive(Deserialize)]
struct Stored {
    accepted: String,
}

impl EdgeSource {
    /// The secrets in the member `accepted` of a JSON secret.
    #[must_use]
    pub fn stored(name: &str, fetch: Arc<dyn Fetch>, renewed_after: i64) -> Self {
        let name: Arc<str> = name.into();
        let load = move || -> BoxFuture<'static, _> {
            let (name, fetch) = (Arc::clone(&name), Arc::clone(&fetch));
            Box::pin(async move {
                let text = fetch.secret(&name).await?;
                accepted(&text).ok_or_else(|| FetchFault(format!("{name}: has no usable secret of an edge")))
            })
        };
        Self::Stored(Cached::new("the secret of the edge", Box::new(load)).renewed_after(renewed_after))
    }

    /// Reads the secrets before the first request.
    pub(crate) async fn warm_up(&self, now: Timestamp) {
        if let Self::Stored(cached) = self {
            cached.warm_up(now).await;
        }
    }

    /// The edge, for a request. A request that sends no secret needs none to be read.
    pub(crate) async fn of(&self, headers: &HeaderMap, now: Timestamp) -> Cow<'_, Edge> {
        let cached = match self {
            Self::Given(edge) => return Cow::Borrowed(edge),
            Self::Stored(cached) => cached,
        };
        let Some(shown) = headers.get(SECRET) else { return Cow::Owned(Edge::default()) };
        let found = cached.find(now, |edge| edge.knows(shown.as_bytes()).then(|| edge.clone())).await;
        Cow::Owned(found.unwrap_or_else(|missing| match missing {
            Missing::Match => Edge::default(),
            Missing::Value => Edge(Secrets::OutOfReach),
        }))
    }
}

fn accepted(text: &SecretString) -> Option<Edge> {
    let stored: Stored = serde_json::from_str(text.expose_secret()).ok()?;
    Edge::parse(&stored.accepted.into()).ok()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SECOND, source};
    use super::super::{UnknownSource, VIEWER_ADDRESS};
    use super::*;
    use http::HeaderValue;
    use std::sync::Mutex;

    /// A store of one secret. Without a text it cannot be reached.
    #[derive(Default)]
    struct Shelf {
        text: Mutex<Option<String>>,
        reads: Mutex<usize>,
    }

    impl Fetch for Shelf {
        fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchFault>> {
            Box::pin(async { Err(FetchFault("no document".into())) })
        }

        fn secret<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<SecretString, FetchFault>> {
            *self.reads.lock().unwrap() += 1;
            let text = self.text.lock().unwrap().clone();
            Box::pin(async move { text.map(SecretString::from).ok_or(FetchFault("out of reach".into())) })
        }
    }

    impl Shelf {
        fn put(&self, accepted: &str) {
            let text = format!(r#"{{"sent": "somebody else's business", "accepted": "{accepted}"}}"#);
            *self.text.lock().unwrap() = Some(text);
        }

        fn take_reads(&self) -> usize {
            std::mem::take(&mut self.reads.lock().unwrap())
        }
    }

    fn environment() -> (Arc<Shelf>, EdgeSource) {
        let shelf = Arc::new(Shelf::default());
        let source = EdgeSource::stored("edge", Arc::clone(&shelf) as Arc<dyn Fetch>, 600);
        (shelf, source)
    }

    /// The address of a request that sends a secret, or none.
    async fn seen(of: &EdgeSource, shown: &str, second: i64) -> Result<Option<String>, UnknownSource> {
        let now = Timestamp::from_unix_millis((1_771_410_600 + second) * 1000).unwrap();
        let mut headers = vec![(VIEWER_ADDRESS, "198.51.100.10:46532")];
        if !shown.is_empty() {
            headers.push((SECRET, shown));
        }
        let map = headers.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        });
        let edge = of.of(&map.collect(), now).await;
        source(&edge, &headers)
    }

    #[tokio::test]
    async fn a_rotated_secret_counts_when_it_is_first_sent() {
        let (shelf, edge) = environment();
        let (through, direct) = (Ok(Some("198.51.100.10".into())), Ok(Some("203.0.113.7".into())));
        let next = "y".repeat(32);
        shelf.put(SECOND);
        assert_eq!(seen(&edge, SECOND, 0).await, through);
        shelf.put(&format!("{next},{SECOND}"));
        assert_eq!(seen(&edge, &next, 59).await, direct, "asked within the last minute");
        assert_eq!(seen(&edge, &next, 60).await, through);
        assert_eq!(seen(&edge, SECOND, 60).await, through, "both are accepted");
        shelf.put(&next);
        assert_eq!(shelf.take_reads(), 2);
        assert_eq!(seen(&edge, SECOND, 659).await, through, "the kept value is not ten minutes old");
        assert_eq!(seen(&edge, SECOND, 660).await, direct);
        assert_eq!(seen(&edge, &next, 660).await, through);
        assert_eq!(shelf.take_reads(), 1);
    }

    #[tokio::test]
    async fn invented_secrets_cause_one_read_a_minute() {
        let (shelf, edge) = environment();
        shelf.put(SECOND);
        for second in 0..300 {
            assert_eq!(seen(&edge, "", second).await, Ok(Some("203.0.113.7".into())));
        }
        assert_eq!(shelf.take_reads(), 0);
        for second in 300..600 {
            assert_eq!(seen(&edge, "made up", second).await, Ok(Some("203.0.113.7".into())));
            assert_eq!(seen(&edge, SECOND, second).await, Ok(Some("198.51.100.10".into())));
        }
        assert_eq!(shelf.take_reads(), 5);
    }

    #[tokio::test]
    async fn a_sent_secret_is_refused_while_the_accepted_ones_cannot_be_read() {
        let (shelf, edge) = environment();
        for (second, unusable) in [(0, None), (5, Some("short")), (10, Some(""))] {
            unusable.into_iter().for_each(|text| shelf.put(text));
            assert_eq!(seen(&edge, SECOND, second).await, Err(UnknownSource::SecretOutOfReach));
            assert_eq!(seen(&edge, "", second).await, Ok(Some("203.0.113.7".into())));
            assert_eq!(shelf.take_reads(), 1, "{second}");
        }
        for broken in ["", "PLANTED", "{}", r#"{"accepted": 5}"#] {
            assert!(accepted(&broken.into()).is_none(), "{broken}");
        }
    }
}
