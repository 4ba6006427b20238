//! `POST /roles/{id}/users/{userId}`: puts a person into a role.

use model::id::{RoleId, UserId};
use model::link::Link;
use web::access::OrgAdmin;
use web::input::Path;
use web::reply::{MessageBody, Ok200};
use web::{App, Failure};

/// Adds the link. Running sessions do not change.
///
/// # Errors
/// 404 for the role, then 404 for the user, then 400 when the two are linked already; 400 when the user has too many links of this kind.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path((role, user)): Path<(RoleId, UserId)>,
) -> Result<Ok200<MessageBody>, Failure> {
    app.store().assign(&caller.actor(), &Link::RoleUser(role, user), app.now).await?;
    Ok(Ok200(MessageBody { message: "User assigned to role successfully" }))
}
