//! `POST /sessions/{id}/extend`: a longer session.

use model::id::SessionId;
use model::refusal::Refusal;
use model::session::Extension;
use store::Owner;
use web::access::MemberOrKey;
use web::access::scope::SessionsWrite;
use web::input::{IfMatch, OptionalJson, Path};
use web::reply::Ok200;
use web::{App, Failure};

use crate::views::SessionView;

/// Moves the end of the caller's own session. A start must be allowed to open its resources now. Its rules do not change.
///
/// # Errors
/// 412 for any `If-Match`; 404, also for another person's session; 412 for another end than `expectedExpiresAt`; 400 for a session that has
/// ended, for a resource that is out of the caller's reach or not active, and for a session longer than the caller may have.
pub async fn handler(
    app: App,
    caller: MemberOrKey<SessionsWrite>,
    Path(id): Path<SessionId>,
    OptionalJson(extension): OptionalJson<Extension>,
    expected: IfMatch,
) -> Result<Ok200<SessionView>, Failure> {
    // A session has no ETag. expectedExpiresAt names the state that the caller means.
    expected.names_no_tag()?;
    let user = caller.known_user(&app).await?.ok_or(Refusal::SessionNotFound(id))?;
    let owner = Owner { user: &user, is_org_admin: caller.principal().is_org_admin };
    let (actor, limits) = (caller.actor(), app.session_limits());
    let session = app.store().extend_session(&actor, (id, owner), &extension, &limits, app.now).await?;
    Ok(Ok200(SessionView::shown(session, app.now)))
}
