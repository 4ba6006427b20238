//! `POST /roles`: creates a role, with nobody and nothing in it.

use model::role::{Role, RoleDraft};
use web::access::OrgAdmin;
use web::input::Json;
use web::reply::Created;
use web::{App, Failure};

/// Creates the role.
///
/// # Errors
/// 400 for members that are wrong, and for a name that another role of the organization has.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Json(draft): Json<RoleDraft>,
) -> Result<Created<Role>, Failure> {
    Ok(Created(app.store().create_role(&caller.actor(), &draft, app.now).await?))
}
