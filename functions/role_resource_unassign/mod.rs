//! `DELETE /roles/{id}/resources/{resourceId}`: takes a resource out of a role (seed).

use model::id::{ResourceId, RoleId};
use model::link::Link;
use web::access::OrgAdmin;
use web::input::{IfMatch, Path};
use web::reply::NoContent;
use web::{App, Failure};

/// Removes the link. Running sessions do not change.
///
/// # Errors
/// 412 for any `If-Match`, because a link has no `ETag`; 404 for the role, then 404 for the resource, then 404 when the two are not linked.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path((role, resource)): Path<(RoleId, ResourceId)>,
    if_match: IfMatch,
) -> Result<NoContent, Failure> {
    if_match.names_no_tag()?;
    app.store().unassign(&caller.actor(), &Link::RoleResource(role, resource), app.now).await?;
    Ok(NoContent)
}
