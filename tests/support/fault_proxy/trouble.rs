//! What can happen to a call on its way to AWS and back.

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;

use super::Canned;

/// How long a delayed call waits: longer than any other call takes, shorter than any timeout.
const DELAY: Duration = Duration::from_millis(30);

/// What can happen to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There are too many: nothing happens. A batch comes back with everything unprocessed.
    Throttle,
    /// AWS fails: nothing happens.
    InternalError,
    /// It meets another transaction: nothing happens. Reads meet none.
    Conflict,
    /// The connection breaks before the call arrives.
    ResetBefore,
    /// The call has its effect, and the connection breaks before the answer arrives.
    ResetAfter,
    /// It takes its time.
    Delay,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Throttle,
        Self::InternalError,
        Self::Conflict,
        Self::ResetBefore,
        Self::ResetAfter,
        Self::Delay,
    ];

    /// Whether a call of an operation can meet with it.
    #[must_use]
    pub fn is_met_by(self, operation: &str) -> bool {
        self != Self::Conflict || ["TransactWriteItems", "UpdateItem", "DeleteItem"].contains(&operation)
    }

    fn way(self, operation: &str, body: &[u8]) -> Way {
        let is_of_kms = ["GenerateDataKey", "Decrypt"].contains(&operation);
        match self {
            _ if !self.is_met_by(operation) => Way::Pass,
            Self::Throttle if operation == "BatchGetItem" => unprocessed(body),
            Self::Throttle if is_of_kms => Way::Answer(refusal(400, "ThrottlingException")),
            Self::Throttle => Way::Answer(refusal(400, "ProvisionedThroughputExceededException")),
            Self::InternalError if is_of_kms => Way::Answer(refusal(500, "KMSInternalException")),
            Self::InternalError => Way::Answer(refusal(500, "InternalServerError")),
            Self::Conflict if operation == "TransactWriteItems" => Way::Answer(conflict_of_the_last(body)),
            Self::Conflict => Way::Answer(single_conflict()),
            Self::ResetBefore => Way::ResetBefore,
            Self::ResetAfter => Way::ResetAfter,
            Self::Delay => Way::Delay(DELAY),
        }
    }
}

/// What becomes of a call.
#[derive(Debug)]
pub(super) enum Way {
    Pass,
    Answer(Canned),
    ResetBefore,
    ResetAfter,
    Delay(Duration),
}

fn refusal(status: u16, kind: &str) -> Canned {
    let body = json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": "trouble of the test"});
    Canned { status, body: body.to_string() }
}

/// A write that is no transaction meets one.
pub(super) fn single_conflict() -> Canned {
    refusal(400, "TransactionConflictException")
}

/// A transaction some of whose writes meet others.
pub(super) fn conflicts(meets: &[bool]) -> Canned {
    let code = |meets: &bool| if *meets { "TransactionConflict" } else { "None" };
    let reasons: Vec<Value> = meets.iter().map(|meets| json!({"Code": code(meets)})).collect();
    Canned { status: 400, body: cancellation(&reasons).to_string() }
}

/// The body of a cancelled transaction.
pub(super) fn cancellation(reasons: &[Value]) -> Value {
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled",
        "CancellationReasons": reasons,
    })
}

/// The last write of the transaction meets another one.
fn conflict_of_the_last(body: &[u8]) -> Canned {
    let body: Value = serde_json::from_slice(body).expect("JSON");
    let mut meets = vec![false; body["TransactItems"].as_array().map_or(0, Vec::len)];
    if let Some(last) = meets.last_mut() {
        *last = true;
    }
    conflicts(&meets)
}

fn unprocessed(body: &[u8]) -> Way {
    let body: Value = serde_json::from_slice(body).expect("JSON");
    let body = json!({"Responses": {}, "UnprocessedKeys": body["RequestItems"]});
    Way::Answer(Canned { status: 200, body: body.to_string() })
}

/// Which calls meet with trouble.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The next call of an operation each.
    pub(super) next: VecDeque<(String, Trouble)>,
    /// After so many calls, and how many.
    pub(super) after: Option<(usize, Trouble, usize)>,
    /// The operation that `after` has begun with.
    of: Option<String>,
    /// A seed, and one call of how many.
    pub(super) seeded: Option<(u64, u64)>,
}

impl Plan {
    pub(super) fn way(&mut self, operation: &str, body: &[u8]) -> Way {
        let trouble =
            self.next_of(operation).or_else(|| self.after_some(operation)).or_else(|| self.by_chance());
        trouble.map_or(Way::Pass, |trouble| trouble.way(operation, body))
    }

    fn next_of(&mut self, operation: &str) -> Option<Trouble> {
        let place = self.next.iter().position(|(of, _)| of == operation)?;
        self.next.remove(place).map(|(_, trouble)| trouble)
    }

    fn after_some(&mut self, operation: &str) -> Option<Trouble> {
        let (skip, trouble, times) = self.after.as_mut()?;
        if *skip > 0 {
            *skip -= 1;
            return None;
        }
        if *times == 0 || self.of.get_or_insert_with(|| operation.into()) != operation {
            return None;
        }
        *times -= 1;
        Some(*trouble)
    }

    /// Marsaglia's xorshift: the same seed meets the same calls with the same trouble.
    fn by_chance(&mut self) -> Option<Trouble> {
        let (state, one_in) = self.seeded.as_mut()?;
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        let all = Trouble::ALL.len() as u64;
        state.is_multiple_of(*one_in).then(|| Trouble::ALL[(*state / *one_in % all) as usize])
    }
}
