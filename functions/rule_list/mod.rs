//! `GET /rules`: the ledger of ingress rules.

use model::rule::RuleFilter;
use web::access::OrgAdmin;
use web::input::ListQuery;
use web::reply::ListReply;
use web::{App, Failure};

use crate::views::RuleView;

/// Lists the rules that are wanted, applied or still to be removed, of one `state` if it is given. A rule that cannot be removed is `STUCK`, with
/// the reason.
///
/// # Errors
/// 400 for wrong parameters.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    query: ListQuery<RuleFilter>,
) -> Result<ListReply<RuleView>, Failure> {
    let store = app.store();
    let listed = store.rules_in_order_of_creation(caller.org(), query.filter.state, &query.page).await?;
    Ok(query.reply(listed.map(RuleView::listed)))
}
