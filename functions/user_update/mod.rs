//! `PATCH /users/{id}`: changes a person's entry.

use model::id::UserId;
use model::user::{User, UserPatch};
use web::access::OrgAdmin;
use web::input::{IfMatch, JsonPatch, Path};
use web::reply::OkTagged;
use web::{App, Failure};

/// Updates the user. An update without a change writes nothing, except that a repeated deactivation ends sessions that still run.
///
/// # Errors
/// 404; 412; 400 for wrong or unknown members, for `isActive` of the caller's own user, and for an email that another user has.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<UserId>,
    JsonPatch(patch): JsonPatch<UserPatch>,
    IfMatch(expected): IfMatch,
) -> Result<OkTagged<User>, Failure> {
    let user = app.store().update_user(&caller.actor(), &id, &patch, &expected, app.now).await?;
    app.look_up_again(caller.org(), &id);
    OkTagged::of(user)
}
