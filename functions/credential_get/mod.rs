//! `GET /credentials/{id}/`: one credential.

use model::id::CredentialId;
use model::refusal::Refusal;
use web::access::OrgAdmin;
use web::input::Path;
use web::reply::OkTagged;
use web::{App, Failure};

use crate::views::CredentialView;

/// Shows the credential, with its value unless it is sensitive.
///
/// # Errors
/// 404, also for an object of another organization and for a malformed id.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<CredentialId>,
) -> Result<OkTagged<CredentialView>, Failure> {
    let record = app.store().credential(caller.org(), id).await?;
    let record = record.ok_or(Refusal::CredentialNotFound(id))?;
    CredentialView::tagged(&app, caller.org(), record).await
}
