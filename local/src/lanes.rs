//! The stream's records, in lanes that are worked on at once: as Lambda works on batches of different items at once, so that a group that
//! takes long holds up few others.

use serde_json::Value;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::aws::sequence_number;

/// Batches at once: those of a new table's four shards, with the template's `ParallelizationFactor`.
const LANES: usize = 8;

/// Records that wait at most. What is beyond them waits in the stream.
const WAITING_MAX: usize = 1_000;

/// Records of one group are in one lane, in their order.
#[derive(Default)]
pub(crate) struct Lanes([Lane; LANES]);

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Value>,
    /// The first record of the batch that is worked on.
    busy_with: Option<Value>,
}

/// A part of a lane.
pub(crate) struct LaneBatch {
    lane: usize,
    pub(crate) records: Vec<Value>,
}

impl Lanes {
    pub(crate) fn has_room(&self) -> bool {
        self.0.iter().map(|lane| lane.waiting.len()).sum::<usize>() < WAITING_MAX
    }

    pub(crate) fn add(&mut self, record: Value) {
        let mut hasher = DefaultHasher::new();
        record.pointer("/dynamodb/Keys/pk/S").and_then(Value::as_str).hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or_default();
        if let Some(lane) = self.0.get_mut(lane) {
            lane.waiting.push_back(record);
        }
    }

    /// A batch of at most so many records of each lane that is free.
    pub(crate) fn take(&mut self, most: usize) -> Vec<LaneBatch> {
        let free = self.0.iter_mut().enumerate().filter(|(_, lane)| lane.busy_with.is_none());
        let batches = free.map(|(number, lane)| {
            let records: Vec<Value> = lane.waiting.drain(..most.min(lane.waiting.len())).collect();
            lane.busy_with = records.first().cloned();
            LaneBatch { lane: number, records }
        });
        batches.filter(|batch| !batch.records.is_empty()).collect()
    }

    /// Frees a lane of whose batch so many records are done. The others come again.
    pub(crate) fn give_back(&mut self, batch: LaneBatch, done: usize) {
        if let Some(lane) = self.0.get_mut(batch.lane) {
            lane.busy_with = None;
            batch.records.into_iter().skip(done).rev().for_each(|record| lane.waiting.push_front(record));
        }
    }

    /// The first record of the stream that is not done.
    pub(crate) fn oldest(&self) -> Option<&str> {
        let firsts = self.0.iter().filter_map(|lane| lane.busy_with.as_ref().or(lane.waiting.front()));
        // They are numbers of any length.
        firsts.filter_map(sequence_number).min_by_key(|number| (number.len(), *number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(group: usize, number: usize) -> Value {
        json!({"dynamodb": {"Keys": {"pk": {"S": format!("group-{group}")}}, "SequenceNumber": number.to_string()}})
    }

    #[test]
    fn records_of_a_group_stay_in_their_order_and_others_go_on() {
        let mut lanes = Lanes::default();
        for number in 8..=108 {
            lanes.add(record(number % 20, number));
        }
        assert_eq!(lanes.oldest(), Some("8"));
        let mut batches = lanes.take(3);
        assert!(batches.len() > 4, "{}", batches.len());
        assert!(lanes.take(3).is_empty(), "every lane is busy");
        let numbers = |batch: &LaneBatch| {
            batch
                .records
                .iter()
                .map(|record| sequence_number(record).unwrap().parse().unwrap())
                .collect::<Vec<u32>>()
        };
        assert!(batches.iter().all(|batch| numbers(batch).is_sorted()));
        // One lane is slow, one has done the first of its three, the others are done.
        let slow = batches.remove(0);
        let half = batches.remove(0);
        let left = numbers(&half)[1..].to_vec();
        let lane = half.lane;
        lanes.give_back(half, 1);
        batches.into_iter().for_each(|batch| lanes.give_back(batch, 3));
        let again = lanes.take(2);
        assert!(again.iter().all(|batch| batch.lane != slow.lane));
        assert_eq!(numbers(again.iter().find(|batch| batch.lane == lane).unwrap()), left);
        let oldest: u32 = lanes.oldest().unwrap().parse().unwrap();
        assert!(oldest <= numbers(&slow)[0] && oldest <= left[0], "{oldest}");
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut lanes = Lanes::default();
        for number in 0..WAITING_MAX {
            assert!(lanes.has_room(), "{number}");
            lanes.add(record(number, number));
        }
        assert!(!lanes.has_room());
    }
}
