//! Rate limits: each caller has a bucket of tokens.

use model::rate::{RateLimit, TokenRequest, micros};
use model::time::Timestamp;

use crate::table::Store;
use crate::table::bookkeeping::Updated;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, SHAPE, data, number};
use crate::table::keys::{self, FULL_AT, Payer};

/// Attempts at a bucket from which others take at the same time. Each failed attempt has seen the bucket emptier than the one before.
const LOOKS_MAX: usize = 4;

/// Seconds for which a full bucket is kept. A missing item is a full bucket.
const KEPT_SECONDS: i64 = 3600;

/// What a bucket gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Tokens.
    Tokens {
        /// As many as were asked for, or fewer if the bucket had fewer.
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
    /// Takes tokens from a caller's bucket: as many as requested, or fewer if it has fewer.
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

/// A full bucket is counted from now on, any other from its own time.
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
