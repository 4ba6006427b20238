//! `POST /sessions/{id}/extend`: a longer session.

use model::id::SessionId;
use model::refusal::Refusal;
use model::session::Extension;
use web::access::MemberOrKey;
use web::access::scope::SessionsWrite;
use web::input::{Json, Path};
use web::reply::Ok200;
use web::{App, Failure};

use crate::views::SessionView;

/// Moves the end of the caller's own session. Its rules stay as they are.
///
/// # Errors
/// 404, also for somebody else's session; 400 in a state in which it cannot be extended, or when it would last longer than the
/// caller may; 403 for a user who was deactivated.
pub async fn handler(
    app: App,
    caller: MemberOrKey<SessionsWrite>,
    Path(id): Path<SessionId>,
    Json(extension): Json<Extension>,
) -> Result<Ok200<SessionView>, Failure> {
    let principal = caller.principal();
    let owner = app.store().known_user(&principal.org, &principal.user).await?;
    let owner = owner.ok_or(Refusal::SessionNotFound(id))?;
    let (actor, limits) = (caller.actor(), app.session_limits());
    let session = app.store().extend_session(&actor, (id, &owner), &extension, &limits, app.now).await?;
    Ok(Ok200(SessionView::of_change(session)))
}
