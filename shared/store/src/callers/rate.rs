//! The buckets of tokens that callers pay with.
//!
//! | Operation | Calls |
//! |---|---|
//! | take a block of tokens | 1, and one for each time that the bucket was not as full as thought |

use model::rate::{RateLimit, TokenRequest, micros};
use model::time::Timestamp;

use crate::table::Store;
use crate::table::bookkeeping::Updated;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, SHAPE, data, number};
use crate::table::keys::{self, FULL_AT, Payer};

/// Looks at a bucket that others take from at the same time. Each that fails has seen the bucket emptier than the one before.
const LOOKS_MAX: usize = 4;

/// Seconds for which a full bucket is kept. An item that is not there is a full one.
const KEPT_SECONDS: i64 = 3600;

/// What a bucket gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Tokens.
    Tokens {
        /// How many, as many as were asked for or as there were.
        tokens: u32,
        /// When the bucket will be full again, in microseconds since 1970.
        full_at: i64,
    },
    /// Nothing: it is empty.
    Nothing {
        /// The same.
        full_at: i64,
    },
}

impl Store {
    /// Takes tokens from a caller's bucket: as many as are wished, or as there are.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn take_tokens(
        &self,
        payer: &Payer,
        limit: &RateLimit,
        request: TokenRequest,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        let TokenRequest { mut tokens, mut full_at } = request;
        for _ in 0..LOOKS_MAX {
            let (update, condition) = expressions(limit, (tokens, full_at), now)?;
            let key = keys::bucket(payer);
            match self.update_or_see(&key, &update, &condition, FULL_AT).await? {
                Updated::Done(full_at) => return Ok(Taken::Tokens { tokens, full_at }),
                Updated::Not(seen) => full_at = seen.unwrap_or_default(),
            }
            let available = limit.available(full_at, now);
            if available == 0 {
                break;
            }
            tokens = tokens.min(available);
        }
        Ok(Taken::Nothing { full_at })
    }
}

/// A full bucket is counted from now on, any other from where it stands.
fn expressions(
    limit: &RateLimit,
    (tokens, full_at): (u32, i64),
    now: Timestamp,
) -> Result<(Expression, Expression), StoreError> {
    let time = micros(now);
    let cost = limit.micros_for(tokens);
    let keep = "#entity = :entity, #shape = :shape, #expiresAt = :expiresAt";
    let kept = [
        (":entity", data(&Entity::Bucket)?),
        (":shape", number(SHAPE)),
        (":expiresAt", number(now.unix_seconds() + cost / 1_000_000 + KEPT_SECONDS)),
    ];
    if full_at <= time {
        let update = Expression::new(format!("SET #fullAt = :fullAt, {keep}"), kept);
        let condition = "attribute_not_exists(#fullAt) OR #fullAt <= :now";
        let condition = Expression::new(condition, [(":now", number(time))]);
        return Ok((update.with(":fullAt", number(time + cost)), condition));
    }
    let update = Expression::new(format!("SET #fullAt = #fullAt + :cost, {keep}"), kept);
    let bounds = [(":now", number(time)), (":latest", number(limit.latest_full_at(tokens, now)))];
    let condition = Expression::new("#fullAt > :now AND #fullAt <= :latest", bounds);
    Ok((update.with(":cost", number(cost)), condition))
}
