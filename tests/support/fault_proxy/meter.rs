//! What calls cost: units of DynamoDB as the engine reckons them, and how many calls wait for each other.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;
use std::sync::Mutex;
use std::time::Duration;

use super::operation;

/// Operations that are billed as reads. All others that answer with units are writes.
const READS: [&str; 4] = ["BatchGetItem", "GetItem", "Query", "Scan"];

/// What calls have cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Metered {
    /// Calls of DynamoDB.
    pub calls: usize,
    /// Calls of DynamoDB or KMS that waited for one another: the longest chain.
    pub rounds: usize,
    /// Those of the calls that are transactions.
    pub transactions: usize,
    /// Calls that were refused, such as a cancelled transaction: the engine names no units for them.
    pub refused: usize,
    /// Calls of KMS.
    pub kms: usize,
    /// Read units.
    pub reads: f64,
    /// Write units, those of the indexes included.
    pub writes: f64,
}

/// Counts while it is switched on.
#[derive(Default)]
pub(super) struct Meter {
    metered: Mutex<Option<Metered>>,
    /// How long answers are held back.
    pause: Mutex<Duration>,
}

/// A call under way: how many calls it came after.
pub(super) struct Begun {
    depth: usize,
    operation: String,
    is_of_kms: bool,
}

impl Meter {
    pub(super) fn switch_on(&self, pause: Duration) {
        *self.metered.lock().unwrap() = Some(Metered::default());
        *self.pause.lock().unwrap() = pause;
    }

    /// What was counted, and counts from zero again. It is not switched off.
    pub(super) fn take(&self) -> Metered {
        self.metered.lock().unwrap().as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(super) fn switch_off(&self) {
        *self.metered.lock().unwrap() = None;
    }

    pub(super) fn begin(&self, target: &str) -> Option<Begun> {
        let mut meter = self.metered.lock().unwrap();
        let metered = meter.as_mut()?;
        let (operation, is_of_kms) = (operation(target).to_owned(), target.starts_with("TrentService"));
        if is_of_kms {
            metered.kms += 1;
        } else {
            metered.calls += 1;
            metered.transactions += usize::from(operation.starts_with("Transact"));
        }
        // What has ended by now may be what this call has waited for.
        Some(Begun { depth: metered.rounds + 1, operation, is_of_kms })
    }

    fn end(&self, begun: &Begun, answer: &Value) {
        let mut meter = self.metered.lock().unwrap();
        let Some(metered) = meter.as_mut() else { return };
        metered.rounds = metered.rounds.max(begun.depth);
        if begun.is_of_kms {
            return;
        }
        let units = units(&answer["ConsumedCapacity"]);
        match units {
            None => metered.refused += 1,
            Some(units) if READS.contains(&begun.operation.as_str()) => metered.reads += units,
            Some(units) => metered.writes += units,
        }
    }

    /// The answer, of which the meter has read the units.
    pub(super) async fn read(&self, begun: &Begun, mut answer: HttpResponse) -> HttpResponse {
        let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
        let bytes = ByteStream::new(body).collect().await.expect("an answer").into_bytes();
        let pause = *self.pause.lock().unwrap();
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        self.end(begun, &serde_json::from_slice(&bytes).unwrap_or_default());
        *answer.body_mut() = SdkBody::from(bytes);
        answer
    }
}

/// The sum over the tables, which `ReturnConsumedCapacity: TOTAL` names. Of a batch or a transaction it is a list.
fn units(capacity: &Value) -> Option<f64> {
    match capacity.as_array() {
        Some(tables) => tables.iter().map(units).sum(),
        None => capacity["CapacityUnits"].as_f64(),
    }
}

/// The body of a call of DynamoDB that asks for its units.
pub(super) fn asking(begun: &Begun, body: &[u8]) -> Option<Vec<u8>> {
    let mut call: Value = serde_json::from_slice(body).ok().filter(|_| !begun.is_of_kms)?;
    call["ReturnConsumedCapacity"] = "TOTAL".into();
    Some(call.to_string().into_bytes())
}
