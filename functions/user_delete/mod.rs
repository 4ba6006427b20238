//! `DELETE /users/{id}`: removes a person from the directory.

use model::id::UserId;
use web::access::OrgAdmin;
use web::input::{IfMatch, Path};
use web::reply::NoContent;
use web::{App, Failure};

/// Deletes the user with their links, ends their sessions and revokes their API keys. Their email is free again.
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
    app.look_up_again(caller.org(), &id);
    Ok(NoContent)
}
