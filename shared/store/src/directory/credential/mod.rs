//! Credentials: a credential and its references share a partition, and stand together in the list.

mod change;
mod create;
mod delete;
mod former;
mod rename;
mod update;

pub use former::FormerValue;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::credential::input::InvalidFields;
use model::credential::{Creator, Credential, CredentialType, Reference};
use model::id::{CredentialId, OrgId, ResourceId, RoleId};
use model::precondition::ETag;
use model::provider::Provider;
use model::resource::Resource;
use model::time::Timestamp;
use model::violation::Violations;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

use crate::table::Store;
use crate::table::error::{StoreError, corrupt};
use crate::table::idempotency::Recorded;
use crate::table::item::{Entity, Item, NewItem, owned};
use crate::table::keys::{self, Assignee, RENAMING, SECRET, VERSION};
use crate::table::list::{Listed, PageRequest, UnreadableObject, each_with_belongings};
use crate::table::tag::tag;
use crate::vault::Sealed;

/// The members of a credential's item. The sealed value stands beside them.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CredentialData {
    id: CredentialId,
    name: String,
    team: Option<RoleId>,
    description: String,
    is_sensitive: bool,
    provider: Provider,
    credential_type: Option<CredentialType>,
    creator: Creator,
    #[serde(with = "model::time::millis")]
    created_at: Timestamp,
    #[serde(with = "model::time::millis")]
    updated_at: Timestamp,
}

impl From<&Credential> for CredentialData {
    fn from(credential: &Credential) -> Self {
        let credential = credential.clone();
        Self {
            id: credential.id,
            name: credential.name,
            team: credential.team,
            description: credential.description,
            is_sensitive: credential.is_sensitive,
            provider: credential.provider,
            credential_type: credential.credential_type,
            creator: credential.creator,
            created_at: credential.created_at,
            updated_at: credential.updated_at,
        }
    }
}

/// A credential as it stands in the table, with its references and its sealed value.
#[derive(Debug, Clone)]
pub struct CredentialRecord {
    /// The credential.
    pub credential: Credential,
    /// Where it is used, in the order of the representation.
    pub references: Vec<Reference>,
    /// The value, for the vault.
    pub sealed: Option<Sealed>,
    /// The values that it had before and that rules may need, the newest first. A list of credentials reads none.
    pub former: Vec<FormerValue>,
    version: i64,
    /// A rename has not reached all resources yet.
    renaming: bool,
}

impl CredentialRecord {
    /// The state: the credential, where it is used, and how often it or its value changed.
    ///
    /// # Errors
    /// A defect.
    pub fn tag(&self) -> Result<ETag, StoreError> {
        let references = self.references.iter().map(|used| (&used.resource_name, used.resource_id));
        let shown = (CredentialData::from(&self.credential), references.collect::<Vec<_>>());
        tag(self.version, &shown)
    }
}

/// A new credential's form among the first results.
#[derive(Serialize, Deserialize)]
pub(crate) struct CreatedData {
    credential: CredentialData,
    has_value: bool,
    /// The sealed value in Base64, where an answer may show it: of a sensitive one there is no copy.
    sealed: Option<String>,
}

/// A new credential, which nothing uses yet.
impl Recorded for CredentialRecord {
    type Data = CreatedData;

    fn to_data(&self) -> CreatedData {
        let shown = self.sealed.as_ref().filter(|_| !self.credential.is_sensitive);
        let sealed = shown.map(|sealed| STANDARD.encode(sealed.to_bytes()));
        CreatedData { credential: (&self.credential).into(), has_value: self.sealed.is_some(), sealed }
    }

    fn from_data(data: CreatedData) -> Result<Self, StoreError> {
        let sealed = data.sealed.map(|text| STANDARD.decode(text)).transpose().map_err(corrupt)?;
        let credential = data.credential.with_value(data.has_value);
        let sealed = sealed.map(Sealed::from_bytes);
        Ok(Self {
            credential,
            references: Vec::new(),
            sealed,
            former: Vec::new(),
            version: 1,
            renaming: false,
        })
    }
}

impl CredentialData {
    fn with_value(self, has_value: bool) -> Credential {
        Credential {
            id: self.id,
            name: self.name,
            team: self.team,
            description: self.description,
            is_sensitive: self.is_sensitive,
            has_value,
            provider: self.provider,
            credential_type: self.credential_type,
            creator: self.creator,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The credential of an item, without its references.
pub(crate) fn credential(item: &Item) -> Result<Credential, StoreError> {
    Ok(item.members::<CredentialData>()?.with_value(item.binary(SECRET).is_some()))
}

/// Credentials out of items in which each credential is followed by its references. A reference whose credential is
/// not there is passed over: an index may show the one before the other.
fn records(items: &[Item]) -> Result<Vec<CredentialRecord>, StoreError> {
    let record = |(item, belongings): (&Item, Vec<&Item>)| {
        let references = belongings.iter().filter(|item| item.entity == Entity::Reference);
        let references = references.map(|item| reference(item)).collect::<Result<BTreeSet<_>, _>>()?;
        Ok(CredentialRecord {
            credential: credential(item)?,
            references: references.into_iter().collect(),
            sealed: item.binary(SECRET).map(|bytes| Sealed::from_bytes(bytes.to_vec())),
            former: former::former_values(&belongings)?,
            version: item.number(VERSION)?,
            renaming: item.has(RENAMING),
        })
    };
    owned(items, Entity::Credential)?.into_iter().map(record).collect()
}

/// The members of a credential's reference to a resource: what `references[]` prints of it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReferenceData {
    pub(crate) credential_id: CredentialId,
    pub(crate) resource_id: ResourceId,
    pub(crate) resource_name: String,
}

pub(crate) fn reference_item(org: &OrgId, resource: &Resource) -> Result<NewItem, StoreError> {
    let id = resource.credential_id;
    let members =
        ReferenceData { credential_id: id, resource_id: resource.id, resource_name: resource.name.clone() };
    let key = keys::reference(org, id, resource.id);
    let item = NewItem::new(&key, Entity::Reference, &members)?;
    Ok(item.listed(keys::listed_behind(keys::credentials(org), id, &key)))
}

fn reference(item: &Item) -> Result<Reference, StoreError> {
    let data: ReferenceData = item.members()?;
    Ok(Reference { resource_name: data.resource_name, resource_id: data.resource_id })
}

fn entry(event: AuditEvent, credential: &Credential, details: Map<String, Value>) -> AuditEntry {
    AuditEntry {
        event,
        subject: AuditSubject::Credential,
        subject_id: credential.id.base58(),
        subject_name: Some(credential.name.clone()),
        result: AuditResult::Success,
        details,
    }
}

impl Store {
    /// The credential with this id, with its references.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn credential(
        &self,
        org: &OrgId,
        id: CredentialId,
    ) -> Result<Option<CredentialRecord>, StoreError> {
        let items = self.query_partition(&keys::credential_partition(org, id)).await?;
        Ok(records(&items)?.pop())
    }

    /// All credentials of the organization with their references, in the order of their creation, and the ids of those that
    /// cannot be read.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn credentials_in_order_of_creation(
        &self,
        org: &OrgId,
    ) -> Result<Listed<CredentialRecord>, StoreError> {
        let whole = PageRequest::default();
        let (items, next) = self.list_page(&keys::credentials(org), Entity::Credential, &whole).await?;
        let record = |items: &[Item]| records(items)?.pop().ok_or_else(|| corrupt("it is no credential"));
        let found = each_with_belongings(items, Entity::Credential, record).into_iter();
        // The spelling of the credentials format.
        let found = found.map(|(known, record)| {
            let id = CredentialId::parse(&known.id).map_or_else(|_| known.id.clone(), CredentialId::base58);
            (UnreadableObject { id, ..known }, record)
        });
        Ok(Listed::of(found, next))
    }

    /// Everything that is wrong with fields that were refused: whether their team exists is looked up only then,
    /// because an update whose fields are right learns it from its transaction.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn all_violations(
        &self,
        org: &OrgId,
        rejected: InvalidFields,
    ) -> Result<Violations, StoreError> {
        let team_exists = match &rejected.team {
            Some(team) => self.get(&keys::assignee(org, &Assignee::Role(team.id))).await?.is_some(),
            None => true,
        };
        Ok(rejected.violations(team_exists))
    }

    /// The credential with this id, without its references.
    pub(crate) async fn credential_alone(
        &self,
        org: &OrgId,
        id: CredentialId,
    ) -> Result<Option<Credential>, StoreError> {
        self.get(&keys::credential(org, id)).await?.as_ref().map(credential).transpose()
    }
}
