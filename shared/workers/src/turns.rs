//! Organizations take turns, each with its longest overdue item first, and a run ends in time.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use model::id::OrgId;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Sleep;

/// How long a worker may take. `template.yaml` gives each of them 55 seconds.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long a visit of a group waits for the provider. Then it is abandoned, and the sweeper does the rest.
    pub visit: Duration,
    /// When a run begins nothing new: 15 seconds before its function ends.
    pub run: Duration,
}

impl Pace {
    /// The pace of the stream's worker. Records of other organizations wait behind its own.
    pub const STREAM: Self = Self { visit: Duration::from_millis(2500), run: Duration::from_secs(40) };
    /// The pace of the scheduled workers. Nothing waits for them, so the provider gets its full time, and the last visit ends before the
    /// function does.
    pub const SCHEDULE: Self = Self { visit: Duration::from_secs(10), run: Duration::from_secs(40) };
}

/// The same items with organizations in turn: the first of each, in the order in which the organizations came, then the second of each,
/// and so on.
pub(crate) fn in_turn<T>(things: impl IntoIterator<Item = T>, org: impl Fn(&T) -> &OrgId) -> VecDeque<T> {
    let mut places: BTreeMap<OrgId, usize> = BTreeMap::new();
    let mut queues: Vec<VecDeque<T>> = Vec::new();
    for thing in things {
        let place = *places.entry(org(&thing).clone()).or_insert(queues.len());
        match queues.get_mut(place) {
            Some(queue) => queue.push_back(thing),
            None => queues.push(VecDeque::from([thing])),
        }
    }
    let mut turns = VecDeque::new();
    while !queues.is_empty() {
        turns.extend(queues.iter_mut().filter_map(VecDeque::pop_front));
        queues.retain(|queue| !queue.is_empty());
    }
    turns
}

/// Does a job for each item, some concurrently, until the time is over. Returns the outcomes and the number of items that are left.
pub(crate) async fn until_time_is_over<T, O, F>(
    mut things: VecDeque<T>,
    at_once: usize,
    mut end: Pin<&mut Sleep>,
    job: impl Fn(T) -> F,
) -> (Vec<O>, usize)
where
    F: Future<Output = O>,
{
    let (mut running, mut outcomes, mut is_over) = (FuturesUnordered::new(), Vec::new(), false);
    loop {
        while !is_over && running.len() < at_once {
            let Some(thing) = things.pop_front() else { break };
            running.push(job(thing));
        }
        tokio::select! {
            () = end.as_mut(), if !is_over => is_over = true,
            outcome = running.next() => match outcome {
                Some(outcome) => outcomes.push(outcome),
                None => return (outcomes, things.len()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;

    fn org(name: &str) -> OrgId {
        OrgId::parse(name).unwrap()
    }

    #[test]
    fn organizations_take_turns_and_each_keeps_its_order() {
        let things = [("b", 1), ("b", 2), ("b", 3), ("a", 4), ("c", 5), ("a", 6)];
        let things = things.map(|(name, number)| (org(name), number));
        let turns = in_turn(things, |(org, _)| org);
        assert_eq!(turns.into_iter().map(|(_, number)| number).collect::<Vec<_>>(), [1, 4, 5, 2, 6, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_new_begins_when_the_time_is_over_and_what_runs_is_awaited() {
        let job = |seconds: u64| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            seconds
        };
        let things = VecDeque::from([3, 30, 3, 3, 3, 3]);
        let end = pin!(tokio::time::sleep(Duration::from_secs(10)));
        let (done, left) = until_time_is_over(things, 2, end, job).await;
        assert_eq!((done, left), (vec![3, 3, 3, 3, 30], 1));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_hangs_takes_one_place() {
        let job = |seconds: u64| tokio::time::sleep(Duration::from_secs(seconds));
        let things = VecDeque::from([12, 1, 1, 1, 1, 1]);
        let end = pin!(tokio::time::sleep(Duration::from_secs(40)));
        let (done, left) = until_time_is_over(things, 2, end, job).await;
        assert_eq!((done.len(), left), (6, 0));
    }
}
