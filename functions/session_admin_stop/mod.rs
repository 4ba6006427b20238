//! `POST /sessions/admin/{id}/stop`: ends a session of any person.

use model::id::SessionId;
use web::access::OrgAdmin;
use web::input::Path;
use web::reply::Ok200;
use web::{App, Failure};

use crate::views::SessionView;

/// Stops the session. It is `EXPIRING` until its rules are gone.
///
/// # Errors
/// 404; 400 for a session that has ended or is ending.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<SessionId>,
) -> Result<Ok200<SessionView>, Failure> {
    let session = app.store().stop_session(&caller.actor(), id, None, app.now).await?;
    Ok(Ok200(SessionView::shown(session, app.now)))
}
