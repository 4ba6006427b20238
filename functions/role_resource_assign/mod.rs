//! `POST /roles/{id}/resources/{resourceId}`: lets the members of a role open a resource (seed).

use model::id::{ResourceId, RoleId};
use model::link::Link;
use web::access::OrgAdmin;
use web::input::Path;
use web::reply::{MessageBody, Ok200};
use web::{App, Failure};

/// Adds the link. Running sessions do not change.
///
/// # Errors
/// 404 for the role, then 404 for the resource, then 400 when the two are linked already.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path((role, resource)): Path<(RoleId, ResourceId)>,
) -> Result<Ok200<MessageBody>, Failure> {
    app.store().assign(&caller.actor(), &Link::RoleResource(role, resource), app.now).await?;
    Ok(Ok200(MessageBody { message: "Resource assigned to role successfully" }))
}
