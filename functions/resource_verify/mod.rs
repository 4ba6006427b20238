//! `POST /resources/{id}/verify`: asks the provider whether Postern can reach the resource.

use firewall::Firewall;
use model::id::ResourceId;
use model::principal::Actor;
use model::refusal::Refusal;
use store::{StoreError, Vault, Verified};
use web::access::OrgAdmin;
use web::input::Path;
use web::reply::Ok200;
use web::{App, Failure};

use crate::provider;
use crate::views::VerifiedView;

/// Asks with the resource's credential. Success makes the resource active, a refusal makes it inactive. The answer shows how many more rules
/// the group takes, and warns where another deployment or organization has rules there.
///
/// # Errors
/// 404; 400 `VERIFICATION_FAILED` with the provider's reason; 503 when the provider is busy or cannot be reached, and
/// then nothing changes.
pub async fn handler(
    app: App,
    caller: OrgAdmin,
    Path(id): Path<ResourceId>,
) -> Result<Ok200<VerifiedView>, Failure> {
    let actor = caller.actor();
    let (vault, firewall) = (app.vault()?, app.firewall()?);
    let ask = verify(&app, vault, firewall.as_ref(), &actor, id);
    let verified = app.store().verify_once(&actor, app.now, ask).await?;
    match verified.answer {
        Ok(found) => Ok(Ok200(VerifiedView::of(verified.resource, &found))),
        Err(reason) => Err(Refusal::VerificationFailed(reason).into()),
    }
}

async fn verify(
    app: &App,
    vault: &Vault,
    firewall: &dyn Firewall,
    actor: &Actor,
    id: ResourceId,
) -> Result<Verified, StoreError> {
    let resource = app.store().resource(&actor.org, id).await?;
    let resource = resource.ok_or(Refusal::ResourceNotFound(id))?.value;
    let answer = provider::ask((app.store(), firewall, vault), &actor.org, &resource).await?;
    app.store().record_verification(actor, &resource, answer, app.now).await
}
