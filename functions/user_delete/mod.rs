//! `DELETE /users/{id}`: removes a person from the directory.

use model::id::UserId;
use web::access::OrgAdmin;
use web::input::{IfMatch, Path};
use web::reply::NoContent;
use web::{App, Failure};

/// Deletes the user with their links. Their email is free again.
///
/// # Errors
/// 404; 412.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<UserId>,
    IfMatch(expected): IfMatch,
) -> Result<NoContent, Failure> {
    app.store().delete_user(&caller.actor(), &id, &expected, app.now).await?;
    Ok(NoContent)
}
