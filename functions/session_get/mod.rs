//! `GET /sessions/{id}`: a session, for its owner and for administrators.

use model::id::SessionId;
use model::refusal::Refusal;
use web::access::MemberOrKey;
use web::access::scope::SessionsRead;
use web::input::Path;
use web::reply::Ok200;
use web::{App, Failure};

use crate::views::SessionView;

/// Shows a session with its rows, and which ports are still open after its end.
///
/// # Errors
/// 404, also for another person's session.
pub async fn handler(
    app: App,
    caller: MemberOrKey<SessionsRead>,
    Path(id): Path<SessionId>,
) -> Result<Ok200<SessionView>, Failure> {
    let principal = caller.principal();
    let viewer = (!principal.is_org_admin).then_some(&principal.user);
    let (store, org) = (app.store(), &principal.org);
    let shown = store.shown_session(org, id, viewer).await?.ok_or(Refusal::SessionNotFound(id))?;
    let open = store.still_open(org, &shown.session, viewer).await?;
    Ok(Ok200(SessionView::shown(shown, app.now).with_still_open(open)))
}
