//! Links between roles and resources. Each is two items, one in the partition of either side, so that both are
//! read as they are now and in one call.

use model::audit::{AuditEntry, AuditEvent, AuditSubject};
use model::id::{OrgId, ResourceId, RoleId};
use model::principal::Actor;
use model::refusal::Refusal;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::error::StoreError;
use crate::expression::Expression;
use crate::item::{Entity, NewItem, number};
use crate::keys::{Holder, Key};
use crate::transaction::{Failed, Receipt, Transaction};
use crate::{Store, keys};

/// The members of a link.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LinkData {
    #[serde(with = "model::time::millis")]
    created_at: Timestamp,
}

/// A link between a holder and a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) holder: Holder,
    pub(crate) resource: ResourceId,
}

/// Writes that one link costs: an item on either side.
const WRITES_A_LINK: usize = 2;

/// Removes as many links as a transaction has room for, and returns the others.
pub(crate) fn remove_as_fits<'l>(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    links: &'l [Link],
) -> Result<&'l [Link], StoreError> {
    let (fitting, others) = links.split_at(links.len().min(tx.room() / WRITES_A_LINK));
    for Link { holder, resource } in fitting {
        tx.remove(&keys::link_of_resource(org, *resource, holder))?;
        tx.remove(&keys::link_of_holder(org, holder, *resource))?;
    }
    Ok(others)
}

fn items(
    org: &OrgId,
    role: RoleId,
    resource: ResourceId,
    now: Timestamp,
) -> Result<[NewItem; 2], StoreError> {
    let (holder, members) = (Holder::Role(role), LinkData { created_at: now });
    let on_role = NewItem::new(&keys::link_of_holder(org, &holder, resource), Entity::Link, &members)?;
    let on_role = on_role.listed(keys::listed_behind(keys::roles(org), role, resource));
    let on_resource = NewItem::new(&keys::link_of_resource(org, resource, &holder), Entity::Link, &members)?;
    Ok([on_role, on_resource])
}

/// Requires that an object exists, and tells a deletion of it that reads its links meanwhile.
fn count_link(tx: &mut Transaction<'_>, key: &Key, missing: Refusal) -> Result<(), StoreError> {
    let update = Expression::new("SET #linked = #linked + :one", [(":one", number(1))]);
    tx.update(key, &update, &Expression::exists(), move |_| Failed::Refuse(missing.clone()))
}

fn entry(event: AuditEvent, role: RoleId, resource: ResourceId) -> AuditEntry {
    AuditEntry {
        event,
        subject: AuditSubject::Role,
        subject_id: role.to_string(),
        subject_name: None,
        details: Map::from_iter([(String::from("resourceId"), resource.to_string().into())]),
    }
}

impl Store {
    /// Removes the links that had no room in the transaction that deleted one of their sides.
    pub(crate) async fn remove_links_afterwards(
        &self,
        org: &OrgId,
        mut links: &[Link],
        receipt: &Receipt,
    ) -> Result<(), StoreError> {
        while !links.is_empty() {
            let mut tx = Transaction::new(self);
            links = remove_as_fits(&mut tx, org, links)?;
            tx.follow_up(receipt).await?;
        }
        Ok(())
    }

    /// Adds a resource to a role. One call.
    ///
    /// # Errors
    /// `RoleNotFound`; then `ResourceNotFound`; then `ResourceAlreadyAssigned`; busy or defect.
    pub async fn assign_resource_to_role(
        &self,
        actor: &Actor,
        role: RoleId,
        resource: ResourceId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let org = &actor.org;
        let mut tx = Transaction::new(self);
        count_link(&mut tx, &keys::holder(org, &Holder::Role(role)), Refusal::RoleNotFound(role))?;
        count_link(&mut tx, &keys::resource(org, resource), Refusal::ResourceNotFound(resource))?;
        for item in items(org, role, resource, now)? {
            tx.create(item, |_| Failed::Refuse(Refusal::ResourceAlreadyAssigned))?;
        }
        tx.commit(actor, &entry(AuditEvent::RoleResourceAssign, role, resource), now).await?.certain()?;
        Ok(())
    }

    /// Takes a resource out of a role. One call.
    ///
    /// # Errors
    /// `RoleNotFound`; then `ResourceNotFound`; then `ResourceNotAssigned`; busy or defect.
    pub async fn unassign_resource_from_role(
        &self,
        actor: &Actor,
        role: RoleId,
        resource: ResourceId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (org, holder) = (&actor.org, Holder::Role(role));
        let mut tx = Transaction::new(self);
        tx.require(&keys::holder(org, &holder), &Expression::exists(), move |_| {
            Failed::Refuse(Refusal::RoleNotFound(role))
        })?;
        tx.require(&keys::resource(org, resource), &Expression::exists(), move |_| {
            Failed::Refuse(Refusal::ResourceNotFound(resource))
        })?;
        for key in
            [keys::link_of_holder(org, &holder, resource), keys::link_of_resource(org, resource, &holder)]
        {
            tx.delete(&key, &Expression::exists(), |_| Failed::Refuse(Refusal::ResourceNotAssigned))?;
        }
        tx.commit(actor, &entry(AuditEvent::RoleResourceUnassign, role, resource), now).await?.certain()?;
        Ok(())
    }
}
