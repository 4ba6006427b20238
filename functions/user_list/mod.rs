//! `GET /users`: the organization's people.

use model::user::User;
use web::access::OrgAdmin;
use web::input::ListQuery;
use web::reply::ListReply;
use web::{App, Failure};

/// Lists the users with their links as a bare array, in the order in which they came: all of them, or a part.
///
/// # Errors
/// 400 for a `limit` that is none, and for a `cursor` that was not made for this list.
pub async fn handler(app: App, caller: OrgAdmin, query: ListQuery) -> Result<ListReply<User>, Failure> {
    let listed = app.store().users_in_order_of_creation(caller.org(), &query.page).await?;
    Ok(query.reply(listed))
}
