//! Transactions that meet: DynamoDB lets no two of them have an item at the same time, and cancels the later one. The embedded
//! engine carries out one call after the other, so that none ever meets another there.

use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Canned, trouble};

/// An item: its table and its key, as the call spells them.
type Place = String;

/// Keeps the items of transactions that are under way, while it is switched on.
#[derive(Default)]
pub(super) struct Conflicts {
    /// How long a transaction is under way.
    length: Mutex<Option<Duration>>,
    taken: Arc<Mutex<HashSet<Place>>>,
    met: AtomicUsize,
}

/// A transaction under way. It gives its items back when it is dropped.
pub(super) struct UnderWay {
    taken: Arc<Mutex<HashSet<Place>>>,
    places: Vec<Place>,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap();
        for place in &self.places {
            taken.remove(place);
        }
    }
}

impl Conflicts {
    pub(super) fn switch(&self, length: Option<Duration>) {
        *self.length.lock().unwrap() = length;
    }

    /// How many calls have met a transaction.
    pub(super) fn met(&self) -> usize {
        self.met.load(Ordering::SeqCst)
    }

    /// Lets a call begin, unless a transaction under way has an item of it: then the answer is DynamoDB's. A transaction takes its
    /// time before the engine is asked, and has its items until its answer is there.
    pub(super) async fn begin(&self, operation: &str, body: &[u8]) -> Result<Option<UnderWay>, Canned> {
        let Some(length) = *self.length.lock().unwrap() else { return Ok(None) };
        let is_write = ["PutItem", "UpdateItem", "DeleteItem"].contains(&operation);
        if operation != "TransactWriteItems" && !is_write {
            return Ok(None);
        }
        let call: Value = serde_json::from_slice(body).expect("JSON");
        let places = if is_write { vec![place(&call)] } else { places(&call) };
        let under_way = self.take(is_write, places)?;
        if under_way.is_some() {
            tokio::time::sleep(length).await;
        }
        Ok(under_way)
    }

    fn take(&self, is_write: bool, places: Vec<Place>) -> Result<Option<UnderWay>, Canned> {
        let mut taken = self.taken.lock().unwrap();
        let meets: Vec<bool> = places.iter().map(|place| taken.contains(place)).collect();
        if meets.contains(&true) {
            self.met.fetch_add(1, Ordering::SeqCst);
            return Err(if is_write { trouble::single_conflict() } else { trouble::conflicts(&meets) });
        }
        if is_write {
            return Ok(None);
        }
        taken.extend(places.iter().cloned());
        Ok(Some(UnderWay { taken: Arc::clone(&self.taken), places }))
    }
}

/// The items of a transaction: those that it writes, and those of which it asks a condition.
fn places(call: &Value) -> Vec<Place> {
    let items = call["TransactItems"].as_array().expect("a transaction");
    items.iter().flat_map(|item| item.as_object().expect("a write").values()).map(place).collect()
}

fn place(write: &Value) -> Place {
    let of = |item: &Value| json!([write["TableName"], item["pk"], item["sk"]]).to_string();
    if write["Key"].is_object() { of(&write["Key"]) } else { of(&write["Item"]) }
}
