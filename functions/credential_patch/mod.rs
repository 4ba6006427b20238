//! `PATCH /credentials/{id}/`: changes the fields that the body names.

use model::credential::CredentialUpdate;
use model::id::CredentialId;
use web::access::OrgAdmin;
use web::input::{CredentialBody, IfMatch, Path};
use web::reply::OkTagged;
use web::{App, Failure};

use crate::credential_update::update;
use crate::views::CredentialView;

/// Updates the credential. An empty body changes nothing.
///
/// # Errors
/// Those of `PUT`, except that no field is required.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<CredentialId>,
    body: CredentialBody,
    IfMatch(expected): IfMatch,
) -> Result<OkTagged<CredentialView>, Failure> {
    update(&app, &caller, id, (&body, CredentialUpdate::read_partial), &expected).await
}
