//! `GET /roles/{id}`: one role with its links.

use model::id::RoleId;
use model::refusal::Refusal;
use model::role::Role;
use web::access::OrgAdmin;
use web::input::Path;
use web::reply::OkTagged;
use web::{App, Failure};

/// Shows the role.
///
/// # Errors
/// 404, also for an object of another organization.
pub async fn handler(app: App, caller: OrgAdmin, Path(id): Path<RoleId>) -> Result<OkTagged<Role>, Failure> {
    let role = app.store().role(caller.org(), id).await?;
    OkTagged::of(role.ok_or(Refusal::RoleNotFound(id))?)
}
