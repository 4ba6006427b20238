//! From a credential in the table to one that a cloud takes.

use firewall::CloudAccess;
use model::id::{CredentialId, OrgId, ResourceId};
use std::fmt;
use store::{Store, StoreError, Vault};

/// Why there is no access.
#[derive(Debug)]
pub enum AccessError {
    /// The credential is gone.
    Deleted,
    /// The credential cannot be shown to a cloud: a sentence without anything secret.
    Unusable(String),
    /// The table or the vault gave no answer.
    Store(StoreError),
}

/// For people: what is wrong with the credential.
impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deleted => f.write_str("The credential was deleted"),
            Self::Unusable(why) => f.write_str(why),
            Self::Store(_) => f.write_str("The credential cannot be read for now"),
        }
    }
}

impl From<StoreError> for AccessError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Opens a credential.
///
/// # Errors
/// [`AccessError`].
pub async fn access_of(
    store: &Store,
    vault: &Vault,
    org: &OrgId,
    id: CredentialId,
) -> Result<CloudAccess, AccessError> {
    let record = store.credential(org, id).await?;
    let record = record.ok_or(AccessError::Deleted)?;
    let value = match &record.sealed {
        Some(sealed) => Some(vault.open(org, id, sealed).await?),
        None => None,
    };
    CloudAccess::read(record.credential.credential_type, value.as_ref())
        .map_err(|unusable| AccessError::Unusable(unusable.to_string()))
}

/// Opens the last value that is kept of a deleted credential, if there is one.
async fn access_of_deleted(
    store: &Store,
    vault: &Vault,
    org: &OrgId,
    id: CredentialId,
) -> Result<Option<CloudAccess>, AccessError> {
    for former in store.former_values(org, id).await? {
        let value = vault.open(org, id, &former.sealed).await?;
        if let Ok(access) = CloudAccess::read(Some(former.credential_type), Some(&value)) {
            return Ok(Some(access));
        }
    }
    Ok(None)
}

/// Opens a credential, or what is kept of it, or the one that the resource has by now where the first is gone; and says
/// whether it is that other one.
pub(crate) async fn access_of_either(
    store: &Store,
    vault: &Vault,
    org: &OrgId,
    id: CredentialId,
    resource: ResourceId,
) -> Result<(CloudAccess, bool), AccessError> {
    match access_of(store, vault, org, id).await {
        Err(AccessError::Deleted) => {}
        access => return access.map(|access| (access, false)),
    }
    if let Some(access) = access_of_deleted(store, vault, org, id).await? {
        return Ok((access, false));
    }
    let gone = || AccessError::Unusable("The credential was deleted, and so was the resource's".into());
    let resource = store.resource(org, resource).await?.ok_or_else(gone)?;
    match access_of(store, vault, org, resource.value.credential_id).await {
        Err(AccessError::Deleted) => Err(gone()),
        access => access.map(|access| (access, true)),
    }
}
