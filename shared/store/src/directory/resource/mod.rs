//! Resources: a resource, its links and its holds share a partition.

mod create;
mod credentials_of_rows;
mod delete;
mod drain;
mod update;
mod verify;

pub use delete::Deletion;
pub use verify::{GroupFound, Neighbour, ProviderAnswer, RuleSlots, Verified};

use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::id::{CredentialId, OrgId, ResourceId};
use model::json::{self, LISTED_LEVELS_MAX};
use model::provider::{Provider, ResourceType};
use model::resource::Resource;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

use crate::directory::credential::reference_item;
use crate::ledger::hold::shards;
use crate::table::Store;
use crate::table::error::{StoreError, corrupt};
use crate::table::expression::Expression;
use crate::table::idempotency::Recorded;
use crate::table::item::{Each, Entity, Item, Unreadable, data, keys_of, number, time};
use crate::table::keys::{self, DRAINING, Key, SHARDS};
use crate::table::list::{Listed, PageRequest, each_object};
use crate::table::tag::Versioned;
use crate::table::transaction::{Failed, Transaction};

/// The members of a resource's item.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResourceData {
    id: ResourceId,
    name: String,
    credential_id: CredentialId,
    /// A copy, so that reading a resource is one call. A rename of the credential changes the copies.
    credential_name: String,
    provider: Provider,
    resource_type: ResourceType,
    resource_identifier: String,
    region: Option<String>,
    /// JSON text, because it is returned as sent and may be deeper than DynamoDB's 32 levels.
    config: String,
    is_active: bool,
    last_verified_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

impl From<&Resource> for ResourceData {
    fn from(resource: &Resource) -> Self {
        let resource = resource.clone();
        Self {
            id: resource.id,
            name: resource.name,
            credential_id: resource.credential_id,
            credential_name: resource.credential_name,
            provider: resource.provider,
            resource_type: resource.resource_type,
            resource_identifier: resource.resource_identifier,
            region: resource.region,
            config: Value::Object(resource.config).to_string(),
            is_active: resource.is_active,
            last_verified_at: resource.last_verified_at.map(Timestamp::unix_millis),
            created_at: resource.created_at.unix_millis(),
            updated_at: resource.updated_at.unix_millis(),
        }
    }
}

impl TryFrom<ResourceData> for Resource {
    type Error = StoreError;

    fn try_from(data: ResourceData) -> Result<Self, StoreError> {
        let config: Map<String, Value> = serde_json::from_str(&data.config).map_err(corrupt)?;
        Ok(Self {
            id: data.id,
            name: data.name,
            credential_id: data.credential_id,
            credential_name: data.credential_name,
            provider: data.provider,
            resource_type: data.resource_type,
            resource_identifier: data.resource_identifier,
            region: data.region,
            config,
            is_active: data.is_active,
            last_verified_at: data.last_verified_at.map(time).transpose()?,
            created_at: time(data.created_at)?,
            updated_at: time(data.updated_at)?,
        })
    }
}

pub(crate) fn resource(item: &Item) -> Result<Resource, StoreError> {
    item.members::<ResourceData>()?.try_into()
}

/// A resource for a list. An earlier version accepted configs that are too deep for a list. Such a resource can be read alone and
/// corrected.
fn listed(item: &Item) -> Result<Resource, StoreError> {
    let resource = resource(item)?;
    let levels = 1 + resource.config.values().map(json::levels).max().unwrap_or_default();
    if levels > LISTED_LEVELS_MAX { Err(corrupt("its config is too deep")) } else { Ok(resource) }
}

fn versioned(item: &Item) -> Result<Versioned<Resource>, StoreError> {
    Versioned::of(item, resource(item)?)
}

impl Recorded for Resource {
    type Data = ResourceData;

    fn to_data(&self) -> ResourceData {
        self.into()
    }

    fn from_data(data: ResourceData) -> Result<Self, StoreError> {
        data.try_into()
    }
}

/// Adds a resource to a credential, under the condition that the credential still has the copied name.
fn add_reference(tx: &mut Transaction<'_>, org: &OrgId, resource: &Resource) -> Result<(), StoreError> {
    tx.update(
        &keys::credential(org, resource.credential_id),
        &Expression::new("SET #usage = #usage + :one, #version = #version + :one", [(":one", number(1))]),
        &Expression::new("#data.#name = :name", [(":name", data(&resource.credential_name)?)]),
        |_| Failed::Stale,
    );
    tx.create(reference_item(org, resource)?, |_| Failed::Stale);
    Ok(())
}

/// Removes a resource from a credential.
fn drop_reference(tx: &mut Transaction<'_>, org: &OrgId, credential: CredentialId, resource: ResourceId) {
    tx.update(
        &keys::credential(org, credential),
        &Expression::new("SET #usage = #usage - :one, #version = #version + :one", [(":one", number(1))]),
        &Expression::exists(),
        |_| Failed::Stale,
    );
    tx.delete(&keys::reference(org, credential, resource), &Expression::exists(), |_| Failed::Stale);
}

fn entry(event: AuditEvent, resource: &Resource, details: Map<String, Value>) -> AuditEntry {
    entry_of(event, resource.id, &resource.name, details)
}

fn entry_of(event: AuditEvent, id: ResourceId, name: &str, details: Map<String, Value>) -> AuditEntry {
    AuditEntry {
        event,
        subject: AuditSubject::Resource,
        subject_id: id.to_string(),
        subject_name: Some(name.into()),
        result: AuditResult::Success,
        details,
    }
}

/// A resource with the state that its shards compare.
#[derive(Debug, Clone)]
pub(crate) struct OpenableResource {
    pub(crate) resource: Resource,
    pub(crate) state: i64,
    /// Whether it has shards.
    pub(crate) has_shards: bool,
}

fn openable(item: &Item) -> Result<OpenableResource, StoreError> {
    let (state, has_shards) = (shards::state(item)?, item.has(SHARDS));
    Ok(OpenableResource { resource: resource(item)?, state, has_shards })
}

impl Store {
    /// The resource with this id.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn resource(
        &self,
        org: &OrgId,
        id: ResourceId,
    ) -> Result<Option<Versioned<Resource>>, StoreError> {
        self.get(&keys::resource(org, id)).await?.as_ref().map(versioned).transpose()
    }

    /// The existing ones of some resources, in the order of their creation. There is one call for each 100, all at once.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn resources_with_ids(
        &self,
        org: &OrgId,
        ids: &BTreeSet<ResourceId>,
    ) -> Result<Vec<Resource>, StoreError> {
        Ok(self.versioned_resources(org, ids).await?.into_iter().map(|found| found.resource).collect())
    }

    /// The same with their states.
    pub(crate) async fn versioned_resources(
        &self,
        org: &OrgId,
        ids: &BTreeSet<ResourceId>,
    ) -> Result<Vec<OpenableResource>, StoreError> {
        let keys: Vec<Key> = ids.iter().map(|id| keys::resource(org, *id)).collect();
        let found = self.get_all(&keys).await?;
        let mut found = found.iter().map(openable).collect::<Result<Vec<_>, _>>()?;
        found.sort_unstable_by_key(|resource| resource.resource.id);
        Ok(found)
    }

    /// The resources that a session can open: the named ones, or all of the organization without `ids`, if they are active and not being
    /// drained. Unreadable resources are skipped.
    pub(crate) async fn openable_resources(
        &self,
        org: &OrgId,
        ids: Option<&BTreeSet<ResourceId>>,
    ) -> Result<Vec<OpenableResource>, StoreError> {
        let items = match ids {
            Some(ids) => {
                let keys: Vec<Key> = ids.iter().map(|id| keys::resource(org, *id)).collect();
                self.get_each(&keys).await?
            }
            None => self.list_page(&keys::resources(org), Entity::Resource, &PageRequest::default()).await?.0,
        };
        let mut found = Vec::new();
        let is_draining = |one: &&Each| matches!(one, Ok(item) if item.has(DRAINING));
        for one in items.iter().filter(|one| !is_draining(one)) {
            match one.as_ref().map_err(Unreadable::clone).and_then(|item| item.read_as(openable)) {
                Ok(resource) => found.push(resource),
                Err(_) => {
                    let id = keys::id_of_partition(keys_of(one).0);
                    tracing::error!(id, "a resource cannot be read, and is not opened");
                }
            }
        }
        found.retain(|resource| resource.resource.is_active);
        found.sort_unstable_by_key(|resource| resource.resource.id);
        Ok(found)
    }

    /// The organization's resources, in the order of their creation.
    ///
    /// # Errors
    /// `Invalid` for a cursor that was not made for this list; busy or defect.
    pub async fn resources_in_order_of_creation(
        &self,
        org: &OrgId,
        page: &PageRequest,
    ) -> Result<Listed<Resource>, StoreError> {
        let (items, next) = self.list_page(&keys::resources(org), Entity::Resource, page).await?;
        Ok(Listed::of(each_object(&items, listed), next))
    }
}
