//! `DELETE /roles/{id}`: deletes a role and its links.

use model::id::RoleId;
use web::access::OrgAdmin;
use web::input::{IfMatch, Path};
use web::reply::NoContent;
use web::{App, Failure};

/// Deletes the role with its links, also while it has some. Running sessions do not change.
///
/// # Errors
/// 404; 412.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<RoleId>,
    IfMatch(expected): IfMatch,
) -> Result<NoContent, Failure> {
    app.store().delete_role(&caller.actor(), id, &expected, app.now).await?;
    Ok(NoContent)
}
