//! Where the secrets of an edge come from: the settings, or a secret of Secrets Manager that functions read themselves (ADR 0003).

use auth::{Fetch, FetchFault, Kept, Lack};
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
    /// From the settings.
    Given(Edge),
    /// From a secret of Secrets Manager, read when the function starts, when it is old and when it does not have what is shown.
    Stored(Kept<Edge>),
}

impl From<Edge> for EdgeSource {
    fn from(edge: Edge) -> Self {
        Self::Given(edge)
    }
}

/// What of the stored secret is for the functions.
#[derive(Deserialize)]
struct Stored {
    accepted: String,
}

impl EdgeSource {
    /// The member `accepted` of the secret of a name, which is JSON.
    #[must_use]
    pub fn stored(name: &str, fetch: Arc<dyn Fetch>, renewed_after: i64) -> Self {
        let name: Arc<str> = name.into();
        let load = move || -> BoxFuture<'static, _> {
            let (name, fetch) = (Arc::clone(&name), Arc::clone(&fetch));
            Box::pin(async move {
                let text = fetch.secret(&name).await?;
                accepted(&text).ok_or_else(|| FetchFault(format!("{name}: accepts no secret of an edge")))
            })
        };
        Self::Stored(Kept::new("the secret of the edge", Box::new(load)).renewed_after(renewed_after))
    }

    /// Reads the secrets before anybody shows one.
    pub(crate) async fn warm_up(&self, now: Timestamp) {
        if let Self::Stored(kept) = self {
            kept.warm_up(now).await;
        }
    }

    /// The edge as far as a request is concerned. One that shows nothing needs no secret.
    pub(crate) async fn of(&self, headers: &HeaderMap, now: Timestamp) -> Cow<'_, Edge> {
        let kept = match self {
            Self::Given(edge) => return Cow::Borrowed(edge),
            Self::Stored(kept) => kept,
        };
        let Some(shown) = headers.get(SECRET) else { return Cow::Owned(Edge::default()) };
        let found = kept.find(now, |edge| edge.knows(shown.as_bytes()).then(|| edge.clone())).await;
        Cow::Owned(found.unwrap_or_else(|lack| match lack {
            Lack::Match => Edge::default(),
            Lack::Value => Edge(Secrets::OutOfReach),
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

    /// A store of one secret; without a text it is out of reach.
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

    /// What becomes of a request that shows a secret, or none.
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
    async fn a_rotated_secret_counts_when_it_is_first_shown() {
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
    async fn made_up_secrets_cause_one_read_a_minute_and_requests_without_one_none() {
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
    async fn without_the_secret_nobody_who_shows_one_is_believed() {
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
