//! `PATCH /roles/{id}`: changes the members that the body names.

use model::id::RoleId;
use model::role::{Role, RolePatch};
use web::access::OrgAdmin;
use web::input::{Json, Path};
use web::reply::Ok200;
use web::{App, Failure};

/// Updates the role. A rename moves its name atomically; what changes nothing writes nothing.
///
/// # Errors
/// 404; 400 for members that are wrong or unknown, and for a name that another role of the organization has.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<RoleId>,
    Json(patch): Json<RolePatch>,
) -> Result<Ok200<Role>, Failure> {
    Ok(Ok200(app.store().update_role(&caller.actor(), id, &patch, app.now).await?))
}
