//! Whether a caller may do anything at all: what the directory says of them.

use model::refusal::Refusal;
use model::user::User;

use super::identify::Caller;
use crate::app::App;
use crate::directory::Standing;
use crate::failure::{Failure, KeyRejected, Unauthenticated};

/// The caller's own user, where this request has read it.
pub(super) type OwnUser = Option<Option<User>>;

/// Asks the directory whether a caller may do anything at all.
///
/// # Errors
/// 403 for a deactivated person and for every API key that they made; 401 for a key whose maker is not in the directory; 503 and
/// 500 of the table.
pub(crate) async fn check(app: &App, caller: &Caller) -> Result<OwnUser, Failure> {
    let person = (caller.principal.org.clone(), caller.principal.user.clone());
    if let Some(standing) = app.directory().seen(&person, app.now) {
        let admitted = admits(caller, standing);
        // A key may be younger than what this environment remembers: its maker may have joined in between.
        if caller.key.is_none() || admitted.is_ok() {
            return admitted.map(|()| None);
        }
    }
    let user = app.store().user(&person.0, &person.1).await?.map(|user| user.value);
    let standing = Standing::of(user.as_ref());
    app.directory().note(person, standing, app.now);
    admits(caller, standing).map(|()| Some(user))
}

/// A person without an entry is admitted: they get one when it is needed. A key belongs to the entry of its maker, and never to a later
/// person with the same id.
fn admits(caller: &Caller, standing: Standing) -> Result<(), Failure> {
    match (&caller.key, standing) {
        (_, Standing::Inactive) => Err(Refusal::UserInactive.into()),
        (None, Standing::Absent | Standing::Active(_)) => Ok(()),
        (Some(key), Standing::Active(entry)) if key.is_made_by(entry) => Ok(()),
        (Some(_), Standing::Absent | Standing::Active(_)) => Err(maker_gone()),
    }
}

/// The refusal of a key whose maker was deleted.
pub(super) fn maker_gone() -> Failure {
    Failure::Unauthenticated(Unauthenticated::InvalidKey(KeyRejected::MakerGone))
}
