//! `POST /rules/{id}/resolve`: an administrator says that a stuck rule is gone.

use model::id::RuleId;
use model::rule::Resolution;
use web::access::OrgAdmin;
use web::input::{Json, Path};
use web::reply::{MessageBody, Ok200};
use web::{App, Failure};

/// Takes the administrator's word, with the reason on record: the rule's sessions are over, and its resource can be deleted. A
/// rule that is there all the same is found by its mark and removed, as soon as the provider lets us.
///
/// # Errors
/// 404; 400 for a rule that is not stuck, and without a reason.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<RuleId>,
    Json(resolution): Json<Resolution>,
) -> Result<Ok200<MessageBody>, Failure> {
    app.store().resolve_rule(&caller.actor(), id, &resolution, app.now).await?;
    Ok(Ok200(MessageBody { message: "Rule resolved" }))
}
