//! `DELETE /api-keys/{id}`: revokes an API key.

use model::id::ApiKeyId;
use web::access::OrgAdmin;
use web::input::{IfMatch, Path};
use web::reply::NoContent;
use web::{App, Failure};

/// Revokes the key: from now on it is 401. It stays listed. Revoking it again changes nothing.
///
/// # Errors
/// 412 for any `ETag`, because a key has none; 404.
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
