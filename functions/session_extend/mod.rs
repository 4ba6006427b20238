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

/// Moves the end of the caller's own session, provided that a start would open its resources now. Its rules stay as they are.
///
/// # Errors
/// 412 for a tag in `If-Match`; 404, also for somebody else's session; 412 where its end is not the expected one; 400 in a state in which it cannot be extended, for a resource that is out of the
/// caller's reach or not active, or when it would last longer than the caller may.
pub async fn handler(
    app: App,
    caller: MemberOrKey<SessionsWrite>,
    Path(id): Path<SessionId>,
    OptionalJson(extension): OptionalJson<Extension>,
    expected: IfMatch,
) -> Result<Ok200<SessionView>, Failure> {
    // A session has no tag: expectedExpiresAt says which one is meant.
    expected.names_no_tag()?;
    let user = caller.known_user(&app).await?.ok_or(Refusal::SessionNotFound(id))?;
    let owner = Owner { user: &user, is_org_admin: caller.principal().is_org_admin };
    let (actor, limits) = (caller.actor(), app.session_limits());
    let session = app.store().extend_session(&actor, (id, owner), &extension, &limits, app.now).await?;
    Ok(Ok200(SessionView::shown(session, app.now)))
}
