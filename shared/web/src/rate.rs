//! The rate limit: who pays for a request, and the tokens that this environment has for them.

use http::StatusCode;
use model::address;
use model::rate::{RateLimit, TokenBlock, Turn};
use model::time::Timestamp;
use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use store::{Payer, Store, Taken};

use crate::app::App;
use crate::failure::Failure;
use crate::incoming::Incoming;

/// Callers whose blocks_of_tokens an environment keeps. One who is forgotten asks the table again.
const CALLERS_MAX: usize = 10_000;

/// The budget of every caller, and the tokens that this environment has taken for them.
pub(crate) struct RateLimiter {
    limit: RateLimit,
    blocks_of_tokens: Mutex<HashMap<Payer, TokenBlock>>,
}

impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.limit.fmt(f)
    }
}

impl RateLimiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self { limit, blocks_of_tokens: Mutex::default() }
    }

    fn blocks_of_tokens(&self) -> MutexGuard<'_, HashMap<Payer, TokenBlock>> {
        self.blocks_of_tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a token. No lock is held while the table is asked: two requests that come at once each ask for their own.
    async fn take(&self, store: &Store, payer: Payer, now: Timestamp) -> Result<(), Failure> {
        let request = match self.turn(&payer, now) {
            Turn::Pass => return Ok(()),
            Turn::Wait { seconds } => return Err(Failure::TooManyRequests { retry_after: seconds }),
            Turn::Ask(request) => request,
        };
        let taken = store.take_tokens(&payer, &self.limit, request, now).await?;
        let mut blocks_of_tokens = self.blocks_of_tokens();
        let block_of_tokens = blocks_of_tokens.entry(payer).or_default();
        match taken {
            Taken::Tokens { tokens, full_at } => {
                block_of_tokens.granted(tokens, full_at, now);
                Ok(())
            }
            Taken::Nothing { full_at } => Err(Failure::TooManyRequests {
                retry_after: block_of_tokens.refused(full_at, &self.limit, now),
            }),
        }
    }

    /// Seconds to wait, where this environment knows that a bucket has nothing.
    fn known_wait(&self, payer: &Payer, now: Timestamp) -> Option<u32> {
        self.blocks_of_tokens().get(payer)?.known_wait(&self.limit, now)
    }

    fn turn(&self, payer: &Payer, now: Timestamp) -> Turn {
        let mut blocks_of_tokens = self.blocks_of_tokens();
        if blocks_of_tokens.len() >= CALLERS_MAX && !blocks_of_tokens.contains_key(payer) {
            blocks_of_tokens.retain(|_, block_of_tokens| !block_of_tokens.is_over(now));
            if blocks_of_tokens.len() >= CALLERS_MAX {
                blocks_of_tokens.clear();
            }
        }
        blocks_of_tokens.entry(payer.clone()).or_default().take(&self.limit, now)
    }
}

/// Takes a token for a request, from the caller's bucket or from that of the address: what stands in the way, if anything does.
/// Nobody pays where the table could not be asked who they are.
pub(crate) async fn pay(app: &App, request: &Incoming, unknown: Option<&Failure>) -> Option<Failure> {
    let limiter = app.rate()?;
    if matches!(unknown, Some(Failure::Unavailable(_) | Failure::Internal(_))) {
        return None;
    }
    let payer = request.payer.get().cloned().unwrap_or_else(|| stranger(request));
    let failure = limiter.take(app.store(), payer, app.now).await.err()?;
    if matches!(failure, Failure::TooManyRequests { .. }) {
        let _ = request.is_over_limit.set(());
    }
    Some(failure)
}

/// Whether what the request's address may cost is not used up, as far as this environment knows: no call is made, and no token taken.
/// Who turns out to be known pays from their own bucket alone.
///
/// # Errors
/// 429.
pub(crate) fn check_address(app: &App, request: &Incoming) -> Result<(), Failure> {
    let wait = app.rate().and_then(|limiter| limiter.known_wait(&stranger(request), app.now));
    let Some(retry_after) = wait else { return Ok(()) };
    let _ = request.is_over_limit.set(());
    Err(Failure::TooManyRequests { retry_after })
}

/// What is to be answered in place of what the access level has said, if anything.
pub(crate) fn in_place_of(paid: Option<Failure>, refused: Option<&Failure>) -> Option<Failure> {
    let failure = paid?;
    let is_out_of_reach = matches!(failure, Failure::Unavailable(_) | Failure::Internal(_));
    match refused {
        // That they may not is what they learn first, and a table out of reach changes nothing about it.
        Some(refused) if refused.status() == StatusCode::FORBIDDEN => None,
        Some(Failure::Unauthenticated(_)) if is_out_of_reach => None,
        Some(Failure::Unavailable(_) | Failure::Internal(_)) => None,
        _ => Some(failure),
    }
}

/// Who does not say who they are is known by their address: by the network of 64 bits that one line has, where it is IPv6.
fn stranger(request: &Incoming) -> Payer {
    Payer::Address(line(request))
}

/// The address of a request, or the network that one line has.
pub(crate) fn line(request: &Incoming) -> String {
    match request.source_ip().and_then(address::parse) {
        None => "unknown".into(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64))
        }
    }
}
