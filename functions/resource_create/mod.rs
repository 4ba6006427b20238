//! `POST /resources`: registers a cloud resource, not yet verified and so not active.

use model::resource::{Resource, ResourceDraft};
use web::access::OrgAdmin;
use web::input::Json;
use web::reply::Created;
use web::{App, Failure};

/// Creates the resource under a credential of the caller's organization and of the same provider.
///
/// # Errors
/// 404 `CREDENTIAL_NOT_FOUND`; 400 for members that are wrong.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Json(draft): Json<ResourceDraft>,
) -> Result<Created<Resource>, Failure> {
    let resource = app.store().create_resource(&caller.actor(), &draft, app.now).await?;
    Ok(Created(resource))
}
