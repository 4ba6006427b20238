//! `POST /users/{id}/resources/{resourceId}`: lets a person open a resource without a role.

use model::id::{ResourceId, UserId};
use model::link::Link;
use web::access::OrgAdmin;
use web::input::Path;
use web::reply::{MessageBody, Ok200};
use web::{App, Failure};

/// Adds the link. Running sessions do not change.
///
/// # Errors
/// 404 for the user, then 404 for the resource, then 400 when the two are linked already; 400 when the user has too many links of this kind.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path((user, resource)): Path<(UserId, ResourceId)>,
) -> Result<Ok200<MessageBody>, Failure> {
    app.store().assign(&caller.actor(), &Link::UserResource(user, resource), app.now).await?;
    Ok(Ok200(MessageBody { message: "Resource assigned to user successfully" }))
}
