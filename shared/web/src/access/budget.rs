//! Which bucket pays for a request.

use store::Payer;

use crate::app::App;
use crate::failure::Failure;
use crate::incoming::Incoming;

/// Takes a token from the caller's bucket, or from that of the address where the caller is unknown.
///
/// A failed look-up of the caller costs no token, because the failure is the table's.
pub(crate) async fn pay(app: &App, request: &Incoming, unknown: Option<&Failure>) -> Option<Failure> {
    let limiter = app.rate()?;
    if matches!(unknown, Some(Failure::Unavailable(_) | Failure::Internal(_))) {
        return None;
    }
    let payer = request.payer.get().cloned().unwrap_or_else(|| address(request));
    let failure = limiter.take(app.store(), payer, app.now).await.err()?;
    if matches!(failure, Failure::TooManyRequests { .. }) {
        let _ = request.is_over_limit.set(());
    }
    Some(failure)
}

/// Refuses a request from an address whose bucket is known to be empty. Makes no call and takes no token: a caller who turns out to be known
/// pays from their own bucket alone.
///
/// # Errors
/// 429.
pub(super) fn check_address(app: &App, request: &Incoming) -> Result<(), Failure> {
    let wait = app.rate().and_then(|limiter| limiter.known_wait(&address(request), app.now));
    let Some(retry_after) = wait else { return Ok(()) };
    let _ = request.is_over_limit.set(());
    Err(Failure::TooManyRequests { retry_after })
}

fn address(request: &Incoming) -> Payer {
    Payer::Address(request.network())
}
