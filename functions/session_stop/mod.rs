//! `POST /sessions/{id}/stop`: ends the caller's own session.

use model::id::SessionId;
use web::access::MemberOrKey;
use web::access::scope::SessionsWrite;
use web::input::Path;
use web::reply::Ok200;
use web::{App, Failure};

use crate::views::SessionView;

/// Stops the session. It is `EXPIRING` until its rules are gone.
///
/// # Errors
/// 404, also for another person's session; 400 for a session that has ended or is ending.
pub async fn handler(
    app: App,
    caller: MemberOrKey<SessionsWrite>,
    Path(id): Path<SessionId>,
) -> Result<Ok200<SessionView>, Failure> {
    let principal = caller.principal();
    let session = app.store().stop_session(&caller.actor(), id, Some(&principal.user), app.now).await?;
    Ok(Ok200(SessionView::shown(session, app.now)))
}
