//! `POST /rules/{id}/retry`: an administrator has a rule tried again at once.

use model::id::RuleId;
use web::access::OrgAdmin;
use web::input::Path;
use web::reply::{MessageBody, Ok200};
use web::{App, Failure};

/// Wakes the worker of the rule's group. What the provider said last stays with the rule until it says something else.
///
/// # Errors
/// 404; 400 for a rule that is there, as it should be.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<RuleId>,
) -> Result<Ok200<MessageBody>, Failure> {
    app.store().retry_rule(&caller.actor(), id, app.now).await?;
    Ok(Ok200(MessageBody { message: "Rule is tried again" }))
}
