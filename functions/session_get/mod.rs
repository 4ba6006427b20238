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
/// 404, also for somebody else's session.
pub async fn handler(
    app: App,
    caller: MemberOrKey<SessionsRead>,
    Path(id): Path<SessionId>,
) -> Result<Ok200<SessionView>, Failure> {
    let principal = caller.principal();
    let viewer = (!principal.is_org_admin).then_some(&principal.user);
    let session = app.store().shown_session(&principal.org, id, viewer).await?;
    Ok(Ok200(SessionView::shown(session.ok_or(Refusal::SessionNotFound(id))?, app.now)))
}
