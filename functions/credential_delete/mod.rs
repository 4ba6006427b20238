//! `DELETE /credentials/{id}/`: deletes a credential that nothing uses.

use model::id::CredentialId;
use web::access::OrgAdmin;
use web::input::{IfMatch, Path};
use web::reply::NoContent;
use web::{App, Failure};

/// Deletes the credential and its value.
///
/// # Errors
/// 404; 412; 400 with the count while resources use it.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<CredentialId>,
    IfMatch(expected): IfMatch,
) -> Result<NoContent, Failure> {
    app.store().delete_credential(&caller.actor(), id, &expected, app.now).await?;
    Ok(NoContent)
}
