//! `POST /resources/{id}/verify`: asks the provider whether a resource can be reached.

use model::id::ResourceId;
use model::principal::Actor;
use model::refusal::Refusal;
use model::resource::Resource;
use store::{StoreError, Vault, Verified};
use web::access::OrgAdmin;
use web::input::Path;
use web::reply::Ok200;
use web::{App, Failure};

use crate::provider;

/// Asks with the resource's credential. Success makes the resource active, a refusal inactive.
///
/// # Errors
/// 404; 400 `VERIFICATION_FAILED` with the provider's reason; 503 when the provider is busy or out of reach, and then
/// nothing changes.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<ResourceId>,
) -> Result<Ok200<Resource>, Failure> {
    let actor = caller.actor();
    let verified = app.store().verify_once(&actor, app.now, verify(&app, app.vault()?, &actor, id)).await?;
    match verified.refused {
        None => Ok(Ok200(verified.resource)),
        Some(reason) => Err(Refusal::VerificationFailed(reason).into()),
    }
}

async fn verify(app: &App, vault: &Vault, actor: &Actor, id: ResourceId) -> Result<Verified, StoreError> {
    let resource = app.store().resource(&actor.org, id).await?;
    let resource = resource.ok_or(Refusal::ResourceNotFound(id))?.value;
    let refused = provider::refusal(app, vault, &actor.org, &resource).await?;
    app.store().record_verification(actor, &resource, refused, app.now).await
}
