//! `POST /resources`: registers a resource. It is not active until it is verified.

use model::resource::{Resource, ResourceDraft};
use web::access::OrgAdmin;
use web::input::Json;
use web::reply::Created;
use web::{App, Failure};

/// Creates the resource. Its credential must be of the same organization and provider.
///
/// # Errors
/// 404 `CREDENTIAL_NOT_FOUND`; 400 for wrong members.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Json(draft): Json<ResourceDraft>,
) -> Result<Created<Resource>, Failure> {
    let resource = app.store().create_resource(&caller.actor(), &draft, app.now).await?;
    Ok(Created(resource))
}
