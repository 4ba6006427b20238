//! `GET /sessions/{id}`: a session, for its owner and for administrators.

use model::id::SessionId;
use model::refusal::Refusal;
use web::access::MemberOrKey;
use web::access::scope::SessionsRead;
use web::input::Path;
use web::reply::Ok200;
use web::{App, Failure};

use crate::views::SessionView;

/// Shows a session with its rows.
///
/// # Errors
/// 404, also for somebody else's session; 403 for a user who was deactivated.
pub async fn handler(
    app: App,
    caller: MemberOrKey<SessionsRead>,
    Path(id): Path<SessionId>,
) -> Result<Ok200<SessionView>, Failure> {
    let principal = caller.principal();
    app.store().known_user(&principal.org, &principal.user).await?;
    let session = app.store().session(&principal.org, id).await?;
    let session = session.filter(|session| principal.is_org_admin || session.head.user_id == principal.user);
    Ok(Ok200(SessionView::of(session.ok_or(Refusal::SessionNotFound(id))?, app.now)))
}
