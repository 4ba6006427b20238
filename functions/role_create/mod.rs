//! `POST /roles`: creates a role without links.

use model::role::{Role, RoleDraft};
use web::access::OrgAdmin;
use web::input::Json;
use web::reply::Created;
use web::{App, Failure};

/// # Errors
/// 400 for wrong members, and for a name that another role of the organization has.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Json(draft): Json<RoleDraft>,
) -> Result<Created<Role>, Failure> {
    Ok(Created(app.store().create_role(&caller.actor(), &draft, app.now).await?))
}
