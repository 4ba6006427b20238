//! `DELETE /roles/{id}/resources/{resourceId}`: takes a resource out of a role (seed).

use model::id::{ResourceId, RoleId};
use web::access::OrgAdmin;
use web::input::Path;
use web::reply::NoContent;
use web::{App, Failure};

/// Unlinks the two. Running sessions do not change.
///
/// # Errors
/// 404 for the role, then 404 for the resource, then 404 when they are not linked.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path((role, resource)): Path<(RoleId, ResourceId)>,
) -> Result<NoContent, Failure> {
    app.store().unassign_resource_from_role(&caller.actor(), role, resource, app.now).await?;
    Ok(NoContent)
}
