//! Groups: one worker at a time has a group to itself, because what it asks of the cloud must not cross what another one
//! asks.

use model::id::{CredentialId, LeaseId, OrgId, ResourceId};
use model::ingress::GroupRef;
use model::rule::Rule;
use model::time::Timestamp;

use super::{credential_id, resource_id, rule};
use crate::Store;
use crate::due::{SET_DUE, due_values};
use crate::error::StoreError;
use crate::expression::Expression;
use crate::item::{Entity, Item, SHAPE, data, number, text};
use crate::keys::{self, Round};

/// Seconds for which a worker has a group. No worker runs for longer than this: `template.yaml` gives it less.
pub const LEASE_SECONDS: i64 = 60;

/// Seconds from one comparison of a group with the ledger to the next: a little less than the schedule's hour, so that a run
/// that comes early does not leave it to the next.
const RECONCILE_SECONDS: i64 = 3300;

/// A group that a worker has to itself.
#[derive(Debug, Clone)]
pub struct Lease {
    /// Whose.
    pub org: OrgId,
    /// Which.
    pub group: GroupRef,
    token: String,
}

/// What a group's item says.
#[derive(Debug, Clone)]
pub struct GroupItem {
    /// The credential that was used last, if any was.
    pub credential_id: Option<CredentialId>,
    /// The resource for which it was.
    pub resource_id: Option<ResourceId>,
}

impl Store {
    /// Takes a group for a worker, unless another one has it. With it, what the ledger has there.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn lease_group(
        &self,
        org: &OrgId,
        group: &GroupRef,
        now: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let key = keys::group(org, group);
        let token = LeaseId::generate(now).to_string();
        let until = now.plus_seconds(LEASE_SECONDS).unix_millis();
        let due = due_values(&key, Round::Reconcile, now.plus_seconds(RECONCILE_SECONDS));
        let update = Expression::new(
            "SET #entity = if_not_exists(#entity, :entity), #shape = if_not_exists(#shape, :shape), \
             #data = if_not_exists(#data, :data), #duePk = if_not_exists(#duePk, :duePk), \
             #dueSk = if_not_exists(#dueSk, :dueSk), #leasedUntil = :until, #lease = :token",
            due,
        )
        .with(":entity", data(&Entity::Group)?)
        .with(":shape", number(SHAPE))
        .with(":data", data(group)?)
        .with(":until", number(until))
        .with(":token", text(&token));
        // Its own token is there when the first answer was lost and the call came again.
        let free = Expression::new(
            "attribute_not_exists(#leasedUntil) OR #leasedUntil <= :now OR #lease = :token",
            [(":now", number(now.unix_millis()))],
        );
        let taken = self.update_if(&key, &update, &free).await?;
        Ok(taken.then(|| Lease { org: org.clone(), group: group.clone(), token }))
    }

    /// Gives a group back, unless another worker has it by now.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn release_group(&self, lease: &Lease) -> Result<(), StoreError> {
        let key = keys::group(&lease.org, &lease.group);
        let update = Expression::new("REMOVE #leasedUntil, #lease", []);
        let own = Expression::new("#lease = :token", [(":token", text(&lease.token))]);
        self.update_if(&key, &update, &own).await.map(drop)
    }

    /// The rules of a leased group, and what its item says.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn rules_of_group(&self, lease: &Lease) -> Result<(GroupItem, Vec<Rule>), StoreError> {
        let items = self.query_partition(&keys::group_partition(&lease.org, &lease.group)).await?;
        let group = items.iter().find(|item| item.entity == Entity::Group).map(group_item).transpose()?;
        let rules = items.iter().filter(|item| item.entity == Entity::Rule).map(rule);
        let none = GroupItem { credential_id: None, resource_id: None };
        Ok((group.unwrap_or(none), rules.collect::<Result<_, _>>()?))
    }

    /// Keeps the credential with which a group was asked, for the comparisons to come.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn remember_access(
        &self,
        lease: &Lease,
        credential: CredentialId,
        resource: ResourceId,
    ) -> Result<(), StoreError> {
        let update = Expression::new(
            "SET #credentialId = :credential, #resourceId = :resource",
            [(":credential", text(credential.to_string())), (":resource", text(resource.to_string()))],
        );
        let own = Expression::new("#lease = :token", [(":token", text(&lease.token))]);
        self.update_if(&keys::group(&lease.org, &lease.group), &update, &own).await.map(drop)
    }

    /// Has a group compared again in an hour.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn postpone_comparison(&self, lease: &Lease, now: Timestamp) -> Result<(), StoreError> {
        let key = keys::group(&lease.org, &lease.group);
        let due = due_values(&key, Round::Reconcile, now.plus_seconds(RECONCILE_SECONDS));
        let update = Expression::new(format!("SET {SET_DUE}"), due);
        self.update_if(&key, &update, &Expression::exists()).await.map(drop)
    }
}

fn group_item(item: &Item) -> Result<GroupItem, StoreError> {
    let known = item.has(keys::CREDENTIAL_ID);
    Ok(GroupItem {
        credential_id: if known { Some(credential_id(item)?) } else { None },
        resource_id: if known { Some(resource_id(item)?) } else { None },
    })
}
