//! `DELETE /users/{id}/resources/{resourceId}`: takes a resource from a person.

use model::id::{ResourceId, UserId};
use model::link::Link;
use web::access::OrgAdmin;
use web::input::{IfMatch, Path};
use web::reply::NoContent;
use web::{App, Failure};

/// Removes the link. Running sessions do not change.
///
/// # Errors
/// 412 for any `If-Match`, because a link has no `ETag`; 404 for the user, then 404 for the resource, then 404 when the two are not linked.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path((user, resource)): Path<(UserId, ResourceId)>,
    if_match: IfMatch,
) -> Result<NoContent, Failure> {
    if_match.names_no_tag()?;
    app.store().unassign(&caller.actor(), &Link::UserResource(user, resource), app.now).await?;
    Ok(NoContent)
}
