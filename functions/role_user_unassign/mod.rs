//! `DELETE /roles/{id}/users/{userId}`: takes a person out of a role.

use model::id::{RoleId, UserId};
use model::link::Link;
use web::access::OrgAdmin;
use web::input::{IfMatch, Path};
use web::reply::NoContent;
use web::{App, Failure};

/// Unlinks the two. Running sessions do not change.
///
/// # Errors
/// 412 for any `ETag`, because a link has none; 404 for the role, then 404 for the user, then 404 when they are not linked.
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
