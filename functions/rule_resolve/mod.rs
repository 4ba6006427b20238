//! `POST /rules/{id}/resolve`: an administrator says that a stuck rule is gone.

use model::id::RuleId;
use model::rule::Resolution;
use web::access::OrgAdmin;
use web::input::{Json, Path};
use web::reply::{MessageBody, Ok200};
use web::{App, Failure};

/// Believes the administrator and records the reason. The rule's sessions are over, and its resource can be deleted.
///
/// If the rule still exists, the reconciler finds it by its mark and removes it as soon as the provider allows it.
///
/// # Errors
/// 404; 400 for a rule that is not stuck; 400 without a reason.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<RuleId>,
    Json(resolution): Json<Resolution>,
) -> Result<Ok200<MessageBody>, Failure> {
    app.store().resolve_rule(&caller.actor(), id, &resolution, app.now).await?;
    Ok(Ok200(MessageBody { message: "Rule resolved" }))
}
