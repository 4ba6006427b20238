//! `DELETE /api-keys/{id}`: revokes an API key.

use model::id::ApiKeyId;
use web::access::OrgAdmin;
use web::input::{IfMatch, Path};
use web::reply::NoContent;
use web::{App, Failure};

/// Revokes the key. Requests with it are answered with 401. It stays in the list, and revoking it again changes nothing.
///
/// # Errors
/// 412 for any `If-Match`, because a key has no `ETag`; 404.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<ApiKeyId>,
    if_match: IfMatch,
) -> Result<NoContent, Failure> {
    if_match.names_no_tag()?;
    app.store().revoke_api_key(&caller.actor(), id, app.now).await?;
    Ok(NoContent)
}
