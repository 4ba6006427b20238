//! Opening credentials for calls to the cloud.

use firewall::{CloudAccess, Purpose};
use model::credential::CredentialType;
use model::id::{CredentialId, OrgId, ResourceId};
use model::secret::SecretJson;
use std::fmt;
use store::{Cause, CredentialRecord, FormerValue, Store, StoreError, Vault};

/// Why there is no access.
#[derive(Debug)]
pub enum AccessError {
    /// The credential is gone.
    Deleted,
    /// The credential cannot be used for a cloud. The sentence contains nothing secret.
    Unusable(String),
    /// The table or the vault gave no answer.
    Store(StoreError),
}

/// What is wrong with the credential, for people.
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
    let record = store.credential(org, id).await?.ok_or(AccessError::Deleted)?;
    access_of_record(vault, org, &record).await
}

async fn access_of_record(
    vault: &Vault,
    org: &OrgId,
    record: &CredentialRecord,
) -> Result<CloudAccess, AccessError> {
    let value = match &record.sealed {
        Some(sealed) => Some(vault.open(org, record.credential.id, sealed).await?),
        None => None,
    };
    read(org, record.credential.credential_type, value.as_ref())
}

fn read(
    org: &OrgId,
    kind: Option<CredentialType>,
    value: Option<&SecretJson>,
) -> Result<CloudAccess, AccessError> {
    CloudAccess::read(org, kind, value).map_err(|unusable| AccessError::Unusable(unusable.to_string()))
}

/// The opened access to a group.
pub(crate) struct Candidate {
    pub(crate) access: CloudAccess,
    /// Whether it differs from the credential that made the rules.
    pub(crate) is_substitute: bool,
}

/// A credential's value and its former values, newest first. A rule may only be removable with the value that made it.
pub(crate) struct Candidates {
    /// The present value, or why it cannot be used.
    pub(crate) present: Result<Candidate, String>,
    /// Whether the present value is unreadable or cannot be opened. That is a problem of the deployment, not of the organization.
    pub(crate) is_defect: bool,
    pub(crate) former: Vec<FormerValue>,
}

/// Opens a credential. For a deleted one, its last former value is used, or else the resource's present credential. The purpose appears
/// in the target account's log.
///
/// # Errors
/// Busy or defect.
pub(crate) async fn candidates(
    store: &Store,
    vault: &Vault,
    org: &OrgId,
    (id, resource): (CredentialId, ResourceId),
    purpose: Purpose,
) -> Result<Candidates, StoreError> {
    let record = match store.credential(org, id).await {
        Err(StoreError::Defect(cause)) => return unreadable(store, org, id, &cause).await,
        record => record?,
    };
    let former = match &record {
        Some(record) => record.former.clone(),
        None => store.former_values(org, id).await?,
    };
    let (access, is_substitute) = match (&record, former.first()) {
        (Some(record), _) => (access_of_record(vault, org, record).await, false),
        (None, Some(last)) => (access_of_former(vault, org, id, last).await, false),
        (None, None) => (substitute(store, vault, org, resource).await, true),
    };
    let is_defect = matches!(access, Err(AccessError::Store(StoreError::Defect(_))));
    let present = match access {
        Ok(access) => Ok(Candidate { access: access.on_behalf_of(org, &purpose), is_substitute }),
        Err(AccessError::Store(StoreError::Defect(cause))) => {
            tracing::error!(credential = %id, ?cause, "a credential cannot be opened");
            Err(UNREADABLE.into())
        }
        Err(AccessError::Store(error)) => return Err(error),
        Err(AccessError::Deleted) => Err("The credential was deleted, and so was the resource's".into()),
        Err(error @ AccessError::Unusable(_)) => Err(error.to_string()),
    };
    Ok(Candidates { present, is_defect, former })
}

/// The last error of a rule whose credential is unreadable.
const UNREADABLE: &str = "The credential cannot be read";

/// An unreadable credential. Its rules are shown as refused.
async fn unreadable(
    store: &Store,
    org: &OrgId,
    id: CredentialId,
    cause: &Cause,
) -> Result<Candidates, StoreError> {
    tracing::error!(credential = %id, ?cause, "a credential cannot be read");
    let former = match store.former_values(org, id).await {
        Err(StoreError::Defect(_)) => Vec::new(),
        former => former?,
    };
    Ok(Candidates { present: Err(UNREADABLE.into()), is_defect: true, former })
}

/// Opens a former value of a credential.
///
/// # Errors
/// [`AccessError`].
pub(crate) async fn access_of_former(
    vault: &Vault,
    org: &OrgId,
    id: CredentialId,
    former: &FormerValue,
) -> Result<CloudAccess, AccessError> {
    let value = vault.open(org, id, &former.sealed).await?;
    read(org, Some(former.credential_type), Some(&value))
}

/// The present credential of a resource.
async fn substitute(
    store: &Store,
    vault: &Vault,
    org: &OrgId,
    resource: ResourceId,
) -> Result<CloudAccess, AccessError> {
    let resource = store.resource(org, resource).await?.ok_or(AccessError::Deleted)?;
    access_of(store, vault, org, resource.value.credential_id).await
}
