//! `GET /sessions`: the caller's sessions; with `resourceId`, an administrator sees all sessions on that resource.

use model::session::OwnSessionFilter;
use web::access::MemberOrKey;
use web::access::scope::SessionsRead;
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
    caller: MemberOrKey<SessionsRead>,
    query: ListQuery<OwnSessionFilter>,
) -> Result<ListReply<SessionView>, Failure> {
    let (principal, store, now) = (caller.principal(), app.store(), app.now);
    let OwnSessionFilter(filter) = &query.filter;
    let listed = if principal.is_org_admin && filter.resource_id.is_some() {
        store.sessions_of_org_newest_first(&principal.org, filter, &query.page, now).await?
    } else {
        store.sessions_of_user_newest_first(&principal.org, &principal.user, filter, &query.page, now).await?
    };
    Ok(query.reply(listed.map(|session| SessionView::shown(session, now))))
}
