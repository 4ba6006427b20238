//! Counts the calls to AWS, and answers in its place.

use local::cloud::{Canned, Tap};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// What went over the wire to AWS, and what shall be answered in its place.
#[derive(Default)]
pub struct TapRecord {
    calls: Mutex<Vec<String>>,
    faults: Mutex<VecDeque<(String, Canned)>>,
}

impl TapRecord {
    pub(crate) fn as_tap(self: &Arc<Self>) -> Tap {
        let record = Arc::clone(self);
        Arc::new(move |target, _| {
            let operation = target.rsplit('.').next().unwrap_or_default();
            record.calls.lock().unwrap().push(operation.into());
            let mut faults = record.faults.lock().unwrap();
            let place = faults.iter().position(|(wanted, _)| wanted == operation)?;
            faults.remove(place).map(|(_, canned)| canned)
        })
    }

    /// The operations since the last time, in order.
    pub fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    /// Answers the next call of an operation with this.
    pub fn fail_next(&self, operation: &str, status: u16, body: &serde_json::Value) {
        let canned = Canned { status, body: body.to_string() };
        self.faults.lock().unwrap().push_back((operation.into(), canned));
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
