//! `POST /users`: enters a person in the directory.

use model::user::{User, UserDraft};
use web::access::OrgAdmin;
use web::input::Json;
use web::reply::Created;
use web::{App, Failure};

/// Creates the user. `id` is the `sub` of the person's tokens. Without it the user gets a new UUID.
///
/// # Errors
/// 400 for wrong or unknown members, and for an id or an email that another user has.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Json(draft): Json<UserDraft>,
) -> Result<Created<User>, Failure> {
    Ok(Created(app.store().create_user(&caller.actor(), &draft, app.now).await?))
}
