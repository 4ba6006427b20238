//! `GET /users`: the organization's people.

use model::user::User;
use web::access::OrgAdmin;
use web::input::ListQuery;
use web::reply::ListReply;
use web::{App, Failure};

/// Lists the users with their links as an array in the order of their creation, page by page.
///
/// # Errors
/// 400 for a wrong `limit`, and for a `cursor` of another list.
pub async fn handler(app: App, caller: OrgAdmin, query: ListQuery) -> Result<ListReply<User>, Failure> {
    let listed = app.store().users_in_order_of_creation(caller.org(), &query.page).await?;
    Ok(query.reply(listed))
}
