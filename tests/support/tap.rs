//! Counts the calls to AWS, and answers in its place.

use local::cloud::{Canned, Tap};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// An answer in AWS's place.
struct Fault {
    operation: String,
    /// Calls of the operation that are answered by AWS before.
    skip: usize,
    canned: Canned,
}

/// What went over the wire to AWS, and what shall be answered in its place.
#[derive(Default)]
pub struct TapRecord {
    calls: Mutex<Vec<String>>,
    faults: Mutex<VecDeque<Fault>>,
    bodies: Mutex<Vec<(String, Vec<u8>)>>,
    gates: Mutex<VecDeque<(String, Stop)>>,
}

impl TapRecord {
    pub(crate) fn as_tap(self: &Arc<Self>) -> Tap {
        let record = Arc::clone(self);
        Arc::new(move |target, body| {
            let operation = target.rsplit('.').next().unwrap_or_default();
            record.calls.lock().unwrap().push(operation.into());
            record.bodies.lock().unwrap().push((target.into(), body.into()));
            record.stop_at_gate(operation);
            let mut faults = record.faults.lock().unwrap();
            let place = faults.iter().position(|fault| fault.operation == operation)?;
            let fault = faults.get_mut(place)?;
            if fault.skip > 0 {
                fault.skip -= 1;
                return None;
            }
            faults.remove(place).map(|fault| fault.canned)
        })
    }

    /// The operations since the last time, in order.
    pub fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    /// Answers the next call of an operation with this.
    pub fn fail_next(&self, operation: &str, status: u16, body: &serde_json::Value) {
        self.fail_after(operation, 0, status, body);
    }

    /// The same for the call after so many more.
    pub fn fail_after(&self, operation: &str, skip: usize, status: u16, body: &serde_json::Value) {
        let canned = Canned { status, body: body.to_string() };
        self.faults.lock().unwrap().push_back(Fault { operation: operation.into(), skip, canned });
    }

    /// Answers the next `TransactWriteItems` with a cancellation for these reasons, by position.
    pub fn cancel_next(&self, codes: &[&str]) {
        let reasons: Vec<_> = codes.iter().map(|code| serde_json::json!({"Code": code})).collect();
        self.fail_next(
            "TransactWriteItems",
            400,
            &serde_json::json!({
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "Message": format!("Transaction cancelled, reasons {codes:?}"),
                "CancellationReasons": reasons,
            }),
        );
    }
}

/// The tap's side of a [`Gate`].
struct Stop {
    reached: tokio::sync::oneshot::Sender<()>,
    opened: std::sync::mpsc::Receiver<()>,
}

/// A gate in front of AWS that a call has to wait at, so that a test decides what happens before it. It opens when it
/// is dropped.
pub struct Gate {
    reached: tokio::sync::oneshot::Receiver<()>,
    _open: std::sync::mpsc::Sender<()>,
}

impl Gate {
    /// Waits until the call stands at the gate.
    pub async fn reached(&mut self) {
        (&mut self.reached).await.expect("the tap is there");
    }
}

impl TapRecord {
    /// Stops the next call of an operation at a gate. The test's runtime must have several threads, because a call
    /// that waits occupies one.
    pub fn stop_next(&self, operation: &str) -> Gate {
        let (at_gate, reached) = tokio::sync::oneshot::channel();
        let (open, opened) = std::sync::mpsc::channel();
        self.gates.lock().unwrap().push_back((operation.into(), Stop { reached: at_gate, opened }));
        Gate { reached, _open: open }
    }

    fn stop_at_gate(&self, operation: &str) {
        let mut gates = self.gates.lock().unwrap();
        let place = gates.iter().position(|(wanted, _)| wanted == operation);
        let stop = place.and_then(|place| gates.remove(place));
        drop(gates);
        if let Some((_, stop)) = stop {
            // Nobody listens when the test has ended, and then the call may go on.
            let _ = stop.reached.send(());
            let _ = tokio::task::block_in_place(|| stop.opened.recv());
        }
    }

    /// The target and the body of each call since the last time, in order.
    pub fn take_bodies(&self) -> Vec<(String, serde_json::Value)> {
        let bodies = std::mem::take(&mut *self.bodies.lock().unwrap());
        let parsed = |body: Vec<u8>| serde_json::from_slice(&body).expect("JSON");
        bodies.into_iter().map(|(target, body)| (target, parsed(body))).collect()
    }
}
