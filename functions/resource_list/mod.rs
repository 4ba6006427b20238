//! `GET /resources`: the organization's resources.

use model::resource::Resource;
use web::access::AdminOrKey;
use web::access::scope::ResourcesRead;
use web::input::ListQuery;
use web::reply::ListReply;
use web::{App, Failure};

/// Lists the resources as an array in the order of their creation, page by page.
///
/// # Errors
/// 400 for a wrong `limit`, and for a `cursor` of another list.
pub async fn handler(
    app: App,
    caller: AdminOrKey<ResourcesRead>,
    query: ListQuery,
) -> Result<ListReply<Resource>, Failure> {
    let listed = app.store().resources_in_order_of_creation(caller.org(), &query.page).await?;
    Ok(query.reply(listed))
}
