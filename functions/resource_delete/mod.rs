//! `DELETE /resources/{id}`: deletes a resource that no session holds (seed).

use model::id::ResourceId;
use model::resource::Drain;
use store::Deletion;
use web::access::OrgAdmin;
use web::input::{IfMatch, Path, Query};
use web::reply::{MessageBody, NoContentOrAccepted};
use web::{App, Failure};

/// Deletes the resource, its links and its reference. Audit entries stay.
///
/// With `drain=true` a resource in use is answered with 202: no new session opens it, running sessions on it end, and it is deleted with its last
/// rule.
///
/// # Errors
/// 404 `RESOURCE_NOT_FOUND`; 412; 400 `RESOURCE_IN_USE` without `drain=true`; 400 for a wrong `drain`.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<ResourceId>,
    IfMatch(expected): IfMatch,
    Query(Drain(drains)): Query<Drain>,
) -> Result<NoContentOrAccepted, Failure> {
    let (store, actor) = (app.store(), caller.actor());
    if !drains {
        store.delete_resource(&actor, id, &expected, app.now).await?;
        return Ok(NoContentOrAccepted::Done);
    }
    Ok(match store.drain_resource(&actor, id, &expected, app.now).await? {
        Deletion::Done => NoContentOrAccepted::Done,
        Deletion::Draining => NoContentOrAccepted::Accepted(MessageBody {
            message: "The resource's sessions are being ended; it is deleted when the last rule is gone",
        }),
    })
}
