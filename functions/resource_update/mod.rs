//! `PATCH /resources/{id}`: changes the members that the body names (seed).

use model::id::ResourceId;
use model::resource::{Resource, ResourcePatch};
use web::access::OrgAdmin;
use web::input::{IfMatch, JsonPatch, Path};
use web::reply::OkTagged;
use web::{App, Failure};

/// Updates the resource. An update without a change writes nothing. Running sessions keep their rules.
///
/// # Errors
/// 404 `RESOURCE_NOT_FOUND`, then 404 `CREDENTIAL_NOT_FOUND`; 412; 400 for members that are wrong, unknown or immutable,
/// or do not fit the stored resource.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<ResourceId>,
    JsonPatch(patch): JsonPatch<ResourcePatch>,
    IfMatch(expected): IfMatch,
) -> Result<OkTagged<Resource>, Failure> {
    let resource = app.store().update_resource(&caller.actor(), id, &patch, &expected, app.now).await?;
    OkTagged::of(resource)
}
