//! `GET /roles`: the organization's roles.

use model::role::Role;
use web::access::OrgAdmin;
use web::input::ListQuery;
use web::reply::ListReply;
use web::{App, Failure};

/// Lists the roles with their links as a bare array, in the order of their creation: all of them, or a part.
///
/// # Errors
/// 400 for a `limit` that is none, and for a `cursor` that was not made for this list.
pub async fn handler(app: App, caller: OrgAdmin, query: ListQuery) -> Result<ListReply<Role>, Failure> {
    let listed = app.store().roles_in_order_of_creation(caller.org(), &query.page).await?;
    Ok(query.reply(listed))
}
