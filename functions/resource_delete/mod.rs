//! `DELETE /resources/{id}`: deletes a resource that no session holds (seed).

use model::id::ResourceId;
use web::access::OrgAdmin;
use web::input::{IfMatch, Path};
use web::reply::NoContent;
use web::{App, Failure};

/// Deletes the resource, its links and its reference; audit rows stay.
///
/// # Errors
/// 404 `RESOURCE_NOT_FOUND`; 412; 400 `RESOURCE_IN_USE` while a session holds it.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<ResourceId>,
    IfMatch(expected): IfMatch,
) -> Result<NoContent, Failure> {
    app.store().delete_resource(&caller.actor(), id, &expected, app.now).await?;
    Ok(NoContent)
}
