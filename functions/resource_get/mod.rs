//! `GET /resources/{id}`: one resource.

use model::id::ResourceId;
use model::refusal::Refusal;
use model::resource::Resource;
use web::access::OrgAdmin;
use web::input::Path;
use web::reply::Ok200;
use web::{App, Failure};

/// Shows the resource.
///
/// # Errors
/// 404 `RESOURCE_NOT_FOUND`, for another organization's as well.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<ResourceId>,
) -> Result<Ok200<Resource>, Failure> {
    let resource = app.store().resource(caller.org(), id).await?;
    Ok(Ok200(resource.ok_or(Refusal::ResourceNotFound(id))?))
}
