//! `DELETE /roles/{id}/users/{userId}`: takes a person out of a role.

use model::id::{RoleId, UserId};
use model::link::Link;
use web::access::OrgAdmin;
use web::input::{IfMatch, Path};
use web::reply::NoContent;
use web::{App, Failure};

/// Removes the link. Running sessions do not change.
///
/// # Errors
/// 412 for any `If-Match`, because a link has no `ETag`; 404 for the role, then 404 for the user, then 404 when the two are not linked.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path((role, user)): Path<(RoleId, UserId)>,
    if_match: IfMatch,
) -> Result<NoContent, Failure> {
    if_match.names_no_tag()?;
    app.store().unassign(&caller.actor(), &Link::RoleUser(role, user), app.now).await?;
    Ok(NoContent)
}
