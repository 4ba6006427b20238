//! `GET /rules`: the ledger of ingress rules.

use model::rule::RuleState;
use model::violation::Violations;
use web::access::OrgAdmin;
use web::input::ListQuery;
use web::reply::ListReply;
use web::{App, Failure};

use crate::views::RuleView;

/// Lists the rules that are wanted, there, or still to be removed, those of one `state` where it is given: `stuck` are those that
/// cannot be removed, with the reason.
///
/// # Errors
/// 400 for parameters that cannot be read.
pub async fn handler(app: App, caller: OrgAdmin, query: ListQuery) -> Result<ListReply<RuleView>, Failure> {
    let state =
        query.get("state").map(|text| RuleState::parse(text).ok_or_else(unknown_state)).transpose()?;
    let listed = app.store().rules_in_order_of_creation(caller.org(), state, &query.part).await?;
    Ok(query.reply(listed.map(RuleView::listed)))
}

fn unknown_state() -> Violations {
    let known = RuleState::ALL.map(RuleState::as_str).join(", ");
    Violations::one("state", format!("state must be one of {known}"))
}
