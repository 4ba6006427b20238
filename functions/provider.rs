//! The question to a resource's provider, with the resource's own credential.

use firewall::{CloudAccess, GroupRef};
use model::id::OrgId;
use model::refusal::Refusal;
use model::resource::Resource;
use store::{Cause, StoreError, Vault};
use web::App;

/// Why the provider refuses, if it does.
///
/// # Errors
/// Busy, when the provider gives no answer; the vault's; a credential that was deleted meanwhile.
pub(crate) async fn refusal(
    app: &App,
    vault: &Vault,
    org: &OrgId,
    resource: &Resource,
) -> Result<Option<String>, StoreError> {
    let id = resource.credential_id;
    let record = app.store().credential(org, id).await?.ok_or(Refusal::CredentialNotFound(id))?;
    let value = match &record.sealed {
        Some(sealed) => Some(vault.open(org, id, sealed).await?),
        None => None,
    };
    let access = match CloudAccess::read(record.credential.credential_type, value.as_ref()) {
        Ok(access) => access,
        Err(unusable) => return Ok(Some(unusable.to_string())),
    };
    let group = GroupRef {
        region: resource.region.clone().unwrap_or_default(),
        group_id: resource.resource_identifier.clone(),
    };
    match app.firewall().describe(&access, &group).await {
        Ok(_) => Ok(None),
        Err(error) if error.is_refusal() => Ok(Some(error.reason(&group))),
        Err(error) => Err(StoreError::Busy(Cause::new(error.reason(&group)))),
    }
}
