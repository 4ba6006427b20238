//! `GET /users/{id}`: one person.

use model::id::UserId;
use model::refusal::Refusal;
use model::user::User;
use web::access::OrgAdmin;
use web::input::Path;
use web::reply::OkTagged;
use web::{App, Failure};

/// Shows the user with their links.
///
/// # Errors
/// 404.
pub async fn handler(app: App, caller: OrgAdmin, Path(id): Path<UserId>) -> Result<OkTagged<User>, Failure> {
    let user = app.store().user(caller.org(), &id).await?;
    OkTagged::of(user.ok_or(Refusal::UserNotFound(id))?)
}
