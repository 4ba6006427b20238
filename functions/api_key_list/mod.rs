//! `GET /api-keys`: the organization's API keys.

use web::access::OrgAdmin;
use web::input::ListQuery;
use web::reply::ListReply;
use web::{App, Failure};

use crate::views::ApiKeyView;

/// Lists the keys, revoked and expired ones too, as an array in the order of their creation, page by page.
///
/// # Errors
/// 400 for a wrong `limit`, and for a `cursor` of another list.
pub async fn handler(app: App, caller: OrgAdmin, query: ListQuery) -> Result<ListReply<ApiKeyView>, Failure> {
    let listed = app.store().api_keys_in_order_of_creation(caller.org(), &query.page).await?;
    Ok(query.reply(listed.map(ApiKeyView::of)))
}
