//! `GET /sessions/admin`: the organization's sessions.

use model::session::SessionFilter;
use web::access::OrgAdmin;
use web::input::ListQuery;
use web::reply::ListReply;
use web::{App, Failure};

use crate::views::SessionView;

/// Lists sessions as an array, newest first, page by page.
///
/// # Errors
/// 400 for wrong parameters.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    query: ListQuery<SessionFilter>,
) -> Result<ListReply<SessionView>, Failure> {
    let (store, now) = (app.store(), app.now);
    let listed = store.sessions_of_org_newest_first(caller.org(), &query.filter, &query.page, now).await?;
    Ok(query.reply(listed.map(|session| SessionView::shown(session, now))))
}
