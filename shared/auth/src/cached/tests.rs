//! When a value is read.

use super::*;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use std::collections::BTreeSet;

/// A source of sets of names. It counts its reads.
#[derive(Default)]
struct Source {
    names: Mutex<Published>,
    reads: Mutex<usize>,
}

#[derive(Clone, Default)]
enum Published {
    Names(BTreeSet<&'static str>),
    /// An outage with an error.
    #[default]
    Nothing,
    /// An outage without an answer.
    Silence,
}

impl Source {
    fn publish(&self, names: Published) {
        *self.names.lock().unwrap() = names;
    }

    fn take_reads(&self) -> usize {
        std::mem::take(&mut self.reads.lock().unwrap())
    }

    async fn read(&self) -> Result<BTreeSet<&'static str>, FetchFault> {
        *self.reads.lock().unwrap() += 1;
        let published = self.names.lock().unwrap().clone();
        tokio::task::yield_now().await;
        match published {
            Published::Names(names) => Ok(names),
            Published::Nothing => Err(FetchFault("an outage".into())),
            Published::Silence => std::future::pending().await,
        }
    }
}

fn names(names: &[&'static str]) -> Published {
    Published::Names(names.iter().copied().collect())
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis((1_771_410_600 + seconds) * 1000).unwrap()
}

type Names = Cached<BTreeSet<&'static str>>;

fn cached(published: Published) -> (Arc<Source>, Names) {
    let source = Arc::new(Source::default());
    source.publish(published);
    let of = Arc::clone(&source);
    let load: Load<_> = Box::new(move || {
        let source = Arc::clone(&of);
        Box::pin(async move { source.read().await })
    });
    (source, Cached::new("a set of names", load))
}

async fn found(cached: &Names, name: &str, second: i64) -> Result<(), Missing> {
    cached.find(at(second), |names| names.contains(name).then_some(())).await
}

async fn let_others_run() {
    for _ in 0..5 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_value_is_read_again_before_the_answer() {
    let (source, cached) = cached(names(&["a"]));
    for second in [0, 1, REFRESH_SECONDS - 1] {
        assert_eq!(found(&cached, "a", second).await, Ok(()));
    }
    assert_eq!(source.take_reads(), 1);
    source.publish(names(&["b"]));
    assert_eq!(found(&cached, "a", REFRESH_SECONDS).await, Err(Missing::Match), "it was withdrawn");
    assert_eq!(source.take_reads(), 1);
    // An environment may be frozen after its answer, and nothing is left undone.
    let_others_run().await;
    assert_eq!(source.take_reads(), 0);
    assert_eq!(found(&cached, "b", REFRESH_SECONDS).await, Ok(()));
    assert_eq!(source.take_reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_sets_when_a_value_is_old() {
    let (source, cached) = cached(names(&["a"]));
    let cached = cached.renewed_after(5);
    for (second, reads) in [(0, 1), (4, 0), (5, 1), (9, 0), (10, 1)] {
        assert_eq!(found(&cached, "a", second).await, Ok(()));
        assert_eq!(source.take_reads(), reads, "{second}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_value_is_read_by_one_request_and_at_most_once_a_minute() {
    let (source, cached) = cached(names(&["a"]));
    assert_eq!(found(&cached, "a", 0).await, Ok(()));
    let _ = source.take_reads();
    for outage in [Published::Nothing, Published::Silence] {
        source.publish(outage);
        for (second, reads) in [(0, 1), (1, 0), (59, 0), (60, 1), (61, 0), (3600, 1)] {
            let second = REFRESH_SECONDS + second;
            let all = join_all([0; 3].map(|_| found(&cached, "a", second))).await;
            assert_eq!(all, [Ok(()); 3], "the old value serves");
            assert_eq!(source.take_reads(), reads, "{second}");
        }
        source.publish(names(&["a"]));
        assert_eq!(found(&cached, "a", REFRESH_SECONDS + 7200).await, Ok(()));
        let _ = source.take_reads();
        // The next round begins with a value of the same age.
        cached.state().value.as_mut().unwrap().1 = at(0);
        cached.state().asked = Some(at(0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_one_second_for_a_renewal_and_five_for_a_missing_value() {
    let (source, cached) = cached(names(&["a"]));
    assert_eq!(found(&cached, "a", 0).await, Ok(()));
    source.publish(Published::Silence);
    let begun = tokio::time::Instant::now();
    assert_eq!(found(&cached, "a", REFRESH_SECONDS).await, Ok(()));
    assert_eq!(begun.elapsed().as_secs(), 1);
    assert_eq!(found(&cached, "b", REFRESH_SECONDS + 60).await, Err(Missing::Match));
    assert_eq!(begun.elapsed().as_secs(), 2, "the renewal was this minute's read");
    let (_, empty) = self::cached(Published::Silence);
    assert_eq!(found(&empty, "a", 0).await, Err(Missing::Value));
    assert_eq!(begun.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_missing_key_is_looked_for_once_a_minute() {
    let (source, cached) = cached(names(&["a"]));
    for (second, reads) in [(0, 1), (1, 0), (59, 0), (60, 1), (119, 0), (120, 1)] {
        for _ in 0..3 {
            assert_eq!(found(&cached, "b", second).await, Err(Missing::Match), "{second}");
            assert_eq!(found(&cached, "a", second).await, Ok(()), "{second}");
        }
        assert_eq!(source.take_reads(), reads, "{second}");
    }
    source.publish(names(&["b"]));
    assert_eq!(found(&cached, "b", 180).await, Ok(()));
    assert_eq!(found(&cached, "a", 180).await, Err(Missing::Match), "the old one is gone");
}

#[tokio::test(start_paused = true)]
async fn without_a_value_the_source_is_read_every_five_seconds() {
    let (source, cached) = cached(Published::Nothing);
    for (second, reads) in [(0, 1), (4, 0), (5, 1), (9, 0), (10, 1)] {
        assert_eq!(found(&cached, "a", second).await, Err(Missing::Value), "{second}");
        assert_eq!(source.take_reads(), reads, "{second}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_good_value_serves_for_a_day() {
    assert_eq!(STALE_SECONDS, 86_400);
    let (source, cached) = cached(names(&["a"]));
    assert_eq!(found(&cached, "a", 0).await, Ok(()));
    source.publish(Published::Nothing);
    assert_eq!(found(&cached, "a", STALE_SECONDS - 1).await, Ok(()));
    assert_eq!(found(&cached, "a", STALE_SECONDS).await, Err(Missing::Value));
}

#[tokio::test(start_paused = true)]
async fn simultaneous_requests_wait_for_one_read() {
    let (source, cached) = cached(names(&["a"]));
    let all = join_all([0, 1, 100].map(|second| found(&cached, "a", second))).await;
    assert_eq!(all, [Ok(()); 3]);
    assert_eq!(source.take_reads(), 1, "who waited takes what was brought");
}

#[tokio::test(start_paused = true)]
async fn a_request_does_not_wait_for_the_renewal_of_another() {
    let (source, cached) = cached(names(&["a"]));
    assert_eq!(found(&cached, "a", 0).await, Ok(()));
    source.publish(Published::Silence);
    let mut slow = std::pin::pin!(found(&cached, "a", REFRESH_SECONDS));
    assert!(slow.as_mut().now_or_never().is_none());
    assert_eq!(found(&cached, "a", REFRESH_SECONDS).now_or_never(), Some(Ok(())));
    assert_eq!(slow.await, Ok(()));
}
