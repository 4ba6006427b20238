//! `PATCH /roles/{id}`: changes the members that the body names.

use model::id::RoleId;
use model::role::{Role, RolePatch};
use web::access::OrgAdmin;
use web::input::{IfMatch, JsonPatch, Path};
use web::reply::OkTagged;
use web::{App, Failure};

/// Updates the role. A rename is atomic, and an update without a change writes nothing.
///
/// # Errors
/// 404; 412; 400 for wrong or unknown members, and for a name that another role of the organization has.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<RoleId>,
    JsonPatch(patch): JsonPatch<RolePatch>,
    IfMatch(expected): IfMatch,
) -> Result<OkTagged<Role>, Failure> {
    OkTagged::of(app.store().update_role(&caller.actor(), id, &patch, &expected, app.now).await?)
}
