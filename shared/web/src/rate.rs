//! The rate limiter: the tokens that this environment has taken from the buckets in the table.

use model::rate::{RateLimit, TokenBlock, Turn};
use model::time::Timestamp;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::{Payer, Store, Taken};

use crate::failure::Failure;

/// Most callers whose token blocks an environment keeps. A forgotten caller asks the table again.
const CALLERS_MAX: usize = 10_000;

pub(crate) struct RateLimiter {
    limit: RateLimit,
    blocks: Mutex<HashMap<Payer, TokenBlock>>,
}

impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.limit.fmt(f)
    }
}

impl RateLimiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self { limit, blocks: Mutex::default() }
    }

    fn blocks(&self) -> MutexGuard<'_, HashMap<Payer, TokenBlock>> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a token. No lock is held during the call to the table, so two simultaneous requests each take their own block.
    ///
    /// # Errors
    /// 429 when the bucket is empty; 503 and 500 of the table.
    pub(crate) async fn take(&self, store: &Store, payer: Payer, now: Timestamp) -> Result<(), Failure> {
        let request = match self.turn(&payer, now) {
            Turn::Pass => return Ok(()),
            Turn::Wait { seconds } => return Err(Failure::TooManyRequests { retry_after: seconds }),
            Turn::Ask(request) => request,
        };
        let taken = store.take_tokens(&payer, &self.limit, request, now).await?;
        let mut blocks = self.blocks();
        let block = blocks.entry(payer).or_default();
        match taken {
            Taken::Tokens { tokens, full_at } => {
                block.granted(tokens, full_at, now);
                Ok(())
            }
            Taken::Nothing { full_at } => {
                let retry_after = block.refused(full_at, &self.limit, now);
                Err(Failure::TooManyRequests { retry_after })
            }
        }
    }

    /// Seconds to wait, where this environment already knows that a bucket is empty. Makes no call and takes no token.
    pub(crate) fn known_wait(&self, payer: &Payer, now: Timestamp) -> Option<u32> {
        self.blocks().get(payer)?.known_wait(&self.limit, now)
    }

    fn turn(&self, payer: &Payer, now: Timestamp) -> Turn {
        let mut blocks = self.blocks();
        if blocks.len() >= CALLERS_MAX && !blocks.contains_key(payer) {
            blocks.retain(|_, block| !block.is_over(now));
            if blocks.len() >= CALLERS_MAX {
                blocks.clear();
            }
        }
        blocks.entry(payer.clone()).or_default().take(&self.limit, now)
    }
}
