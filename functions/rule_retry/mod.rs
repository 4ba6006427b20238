//! `POST /rules/{id}/retry`: an administrator asks for the next attempt at once.

use model::id::RuleId;
use web::access::OrgAdmin;
use web::input::Path;
use web::reply::{MessageBody, Ok200};
use web::{App, Failure};

/// Wakes the worker of the rule's group. The rule keeps the provider's last message until there is a new one.
///
/// # Errors
/// 404; 400 for a rule that waits for no attempt.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<RuleId>,
) -> Result<Ok200<MessageBody>, Failure> {
    app.store().retry_rule(&caller.actor(), id, app.now).await?;
    Ok(Ok200(MessageBody { message: "Rule is tried again" }))
}
