//! `GET /resources/{id}`: one resource.

use model::id::ResourceId;
use model::refusal::Refusal;
use model::resource::Resource;
use web::access::AdminOrKey;
use web::access::scope::ResourcesRead;
use web::input::Path;
use web::reply::OkTagged;
use web::{App, Failure};

/// Shows the resource.
///
/// # Errors
/// 404 `RESOURCE_NOT_FOUND`, also for an object of another organization.
pub async fn handler(
    app: App,
    caller: AdminOrKey<ResourcesRead>,
    Path(id): Path<ResourceId>,
) -> Result<OkTagged<Resource>, Failure> {
    let resource = app.store().resource(caller.org(), id).await?;
    OkTagged::of(resource.ok_or(Refusal::ResourceNotFound(id))?)
}
