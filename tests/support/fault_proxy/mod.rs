//! Between the SDK and AWS: counts the calls, answers in AWS's place, and lets them meet with trouble.
//!
//! It is the SDK's HTTP client, so that it stands in front of any engine, and a reset is what the SDK sees of one.

mod call_gate;
mod conflicts;
mod hang;
mod judge;
mod line;
mod meter;
mod mutant;
mod trouble;

pub use call_gate::Gate;
pub use hang::Hang;
pub use judge::InFunction;
pub(crate) use line::{Wire, set_body};
pub use meter::Metered;
pub use trouble::Trouble;

use call_gate::Gates;
use conflicts::{Conflicts, UnderWay};
use hang::Hangs;
use judge::Judge;
use meter::Meter;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::oneshot;
use trouble::{Plan, Way};

/// An answer in AWS's place.
#[derive(Debug, Clone)]
pub(crate) struct Canned {
    pub(crate) status: u16,
    /// JSON.
    pub(crate) body: String,
}

/// An answer that waits for its call.
struct Waiting {
    operation: String,
    /// Calls of the operation that are answered by AWS before.
    skip: usize,
    canned: Canned,
}

/// What went over the wire to AWS, and what shall happen to it.
#[derive(Default)]
pub struct FaultProxy {
    bodies: Mutex<Vec<(String, Vec<u8>)>>,
    waiting: Mutex<VecDeque<Waiting>>,
    gates: Gates,
    plan: Mutex<Plan>,
    calls: AtomicUsize,
    meter: Meter,
    conflicts: Conflicts,
    judge: Judge,
    hangs: Hangs,
}

impl std::fmt::Debug for FaultProxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FaultProxy")
    }
}

fn operation(target: &str) -> &str {
    target.rsplit('.').next().unwrap_or_default()
}

impl FaultProxy {
    /// What happens to a call: its target, such as `DynamoDB_20120810.Query`, and its body.
    async fn meet(&self, target: &str, body: &[u8]) -> Way {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.bodies().push((target.into(), body.into()));
        self.judge.judge(target, body);
        self.gates.stop(operation(target)).await;
        match self.canned(operation(target)) {
            Some(canned) => Way::Answer(canned),
            None => self.plan.lock().unwrap().way(operation(target), body),
        }
    }

    /// The same, and the transaction under way that the call is, where transactions meet.
    async fn way(&self, target: &str, body: &[u8]) -> (Way, Option<UnderWay>) {
        let way = self.meet(target, body).await;
        if !matches!(way, Way::Pass) {
            return (way, None);
        }
        match self.conflicts.begin(operation(target), body).await {
            Ok(under_way) => (way, under_way),
            Err(canned) => (Way::Answer(canned), None),
        }
    }

    fn canned(&self, operation: &str) -> Option<Canned> {
        let mut waiting = self.waiting.lock().unwrap();
        let place = waiting.iter().position(|answer| answer.operation == operation)?;
        let next = waiting.get_mut(place)?;
        if next.skip > 0 {
            next.skip -= 1;
            return None;
        }
        waiting.remove(place).map(|answer| answer.canned)
    }

    fn bodies(&self) -> MutexGuard<'_, Vec<(String, Vec<u8>)>> {
        self.bodies.lock().unwrap()
    }

    /// The table that the functions' policies are about.
    pub(crate) fn set_table(&self, name: &str) {
        self.judge.set_table(name);
    }

    /// Judges a call of a service that tests keep in their own process, such as `sqs:SendMessage SessionEnds`.
    pub(crate) fn judge_action(&self, action: &str) {
        self.judge.judge_action(action);
    }

    /// Fails when a function has done what its policy does not allow.
    pub fn assert_nothing_denied(&self) {
        self.judge.assert_nothing_denied();
    }

    /// Forgets what was denied, for a test that has looked at it.
    pub fn forget_denied(&self) {
        self.judge.forget_denied();
    }

    /// How many calls there were in all.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// The operations since the last time, in order.
    pub fn take_calls(&self) -> Vec<String> {
        let bodies = std::mem::take(&mut *self.bodies());
        bodies.into_iter().map(|(target, _)| operation(&target).into()).collect()
    }

    /// The target and the body of each call since the last time, in order.
    pub fn take_bodies(&self) -> Vec<(String, Value)> {
        let bodies = std::mem::take(&mut *self.bodies());
        let parsed = |body: Vec<u8>| serde_json::from_slice(&body).expect("JSON");
        bodies.into_iter().map(|(target, body)| (target, parsed(body))).collect()
    }

    /// Has each call say what it costs from now on. Answers are held back for a pause: with one, calls that need not wait for
    /// each other are under way at once, however busy the machine is, so that the chain of the others can be counted.
    pub fn switch_meter_on(&self, pause: Duration) {
        self.meter.switch_on(pause);
    }

    /// What the calls since the last time have cost, while the meter is on.
    pub fn take_metered(&self) -> Metered {
        self.meter.take()
    }

    /// No call says what it costs from now on: what is measured in time goes over the wire as it is.
    pub fn switch_meter_off(&self) {
        self.meter.switch_off();
    }

    /// Answers the next call of an operation with this.
    pub fn fail_next(&self, operation: &str, status: u16, body: &Value) {
        self.fail_after(operation, 0, status, body);
    }

    /// The same for the call after so many more.
    pub fn fail_after(&self, operation: &str, skip: usize, status: u16, body: &Value) {
        let canned = Canned { status, body: body.to_string() };
        self.waiting.lock().unwrap().push_back(Waiting { operation: operation.into(), skip, canned });
    }

    /// Cancels the next `TransactWriteItems` for these reasons, by position.
    pub fn cancel_next(&self, codes: &[&str]) {
        let reasons: Vec<_> = codes.iter().map(|code| json!({"Code": code})).collect();
        self.fail_next("TransactWriteItems", 400, &trouble::cancellation(&reasons));
    }

    /// Has transactions be under way for so long from now on, and cancels what meets one of them at an item, as DynamoDB does.
    /// Nothing switches it off: then none meets another, as in the embedded engine.
    pub fn switch_conflicts(&self, length: Option<Duration>) {
        self.conflicts.switch(length);
    }

    /// How many calls have met a transaction.
    pub fn conflicts(&self) -> usize {
        self.conflicts.met()
    }

    /// Stops the next call of an operation at a gate.
    pub fn stop_next(&self, operation: &str) -> Gate {
        self.gates.stop_next(operation)
    }

    /// Has the call after so many more hang for ever. What this gives back ends when the call hangs.
    pub fn hang_after(&self, skip: usize, place: Hang) -> oneshot::Receiver<()> {
        self.hangs.hang_after(skip, place)
    }

    /// Lets the next call of an operation meet with trouble.
    pub fn trouble_next(&self, operation: &str, trouble: Trouble) {
        self.plan.lock().unwrap().next.push_back((operation.into(), trouble));
    }

    /// Lets the call after so many more meet with trouble, of whatever operation it is, and so many of the same operation in
    /// all.
    pub fn trouble_after(&self, skip: usize, trouble: Trouble, times: usize) {
        self.plan.lock().unwrap().after = Some((skip, trouble, times));
    }

    /// Lets one call of so many meet with trouble, which one and with which the seed decides.
    pub fn trouble_by_seed(&self, seed: u64, one_in: u64) {
        self.plan.lock().unwrap().seeded = Some((seed, one_in));
    }

    /// No call meets with trouble from now on.
    pub fn no_more_trouble(&self) {
        *self.plan.lock().unwrap() = Plan::default();
    }
}
