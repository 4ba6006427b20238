//! Groups: one worker at a time has a group to itself, because its calls to the cloud must not cross those of another.
//!
//! The lease ends by time, and clocks differ. So time alone protects nothing: a worker records its intents under the condition
//! that the lease is still its own ([`GroupLease::require`]), and findings under the condition that nobody has recorded another. A
//! worker that finds a group leased leaves a mark, and the holder of the lease looks at the ledger once more before it gives the
//! group back: no change falls between the two.

use model::id::{CredentialId, LeaseId, OrgId, ResourceId};
use model::ingress::{GroupRef, Ingress};
use model::rule::Rule;
use model::time::Timestamp;

use super::{credential_id, resource_id, rule};
use crate::ledger::due::{SET_DUE, due_values};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, Item, SHAPE, data, keys_of, number, text};
use crate::table::keys::{self, Round};
use crate::table::transaction::{Failed, Receipt, Transaction};

/// Seconds for which a worker has a group. No worker runs for longer than this: `template.yaml` gives it less.
pub const LEASE_SECONDS: i64 = 60;

/// Seconds from one comparison of a group with the ledger to the next: a little less than the schedule's hour, so that a run
/// that comes early does not leave it to the next.
const RECONCILE_SECONDS: i64 = 3300;

/// A group that a worker has to itself.
#[derive(Debug, Clone)]
pub struct GroupLease {
    /// Whose.
    pub org: OrgId,
    /// Which.
    pub group: GroupRef,
    token: String,
}

impl GroupLease {
    /// Requires in a transaction that no other worker has leased the group meanwhile.
    pub(super) fn require(&self, tx: &mut Transaction<'_>) {
        tx.require(&keys::group(&self.org, &self.group), &self.is_own(), |_| Failed::Superseded);
    }

    fn is_own(&self) -> Expression {
        Expression::new("#lease = :token", [(":token", text(&self.token))])
    }
}

/// How a lease ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// The group is free, or another worker's.
    Done,
    /// It is still leased: meanwhile another worker wanted the group, so that the ledger may have changed.
    WantedAgain,
}

/// What the ledger has in a group.
#[derive(Debug, Clone, Default)]
pub struct GroupLedger {
    /// The credential that was used last and the resource for which it was, if any was.
    pub last_access: Option<(CredentialId, ResourceId)>,
    /// The entries.
    pub rules: Vec<Rule>,
    /// Number of items that cannot be read.
    pub unreadable: usize,
    /// What those entries let in that cannot be read, as far as their keys say so.
    pub unreadable_ingress: Vec<Ingress>,
}

/// What one item says of a group.
enum LedgerItem {
    Rule(Box<Rule>),
    Access((CredentialId, ResourceId)),
    Nothing,
}

fn ledger_item(item: &Item) -> Result<LedgerItem, StoreError> {
    Ok(if item.entity == Entity::Rule {
        LedgerItem::Rule(Box::new(rule(item)?))
    } else if item.entity == Entity::Group && item.has(keys::CREDENTIAL_ID) {
        LedgerItem::Access((credential_id(item)?, resource_id(item)?))
    } else {
        LedgerItem::Nothing
    })
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
    ) -> Result<Option<GroupLease>, StoreError> {
        let key = keys::group(org, group);
        let token = LeaseId::generate(now).to_string();
        let until = now.plus_seconds(LEASE_SECONDS).unix_millis();
        let due = due_values(&key, Round::Reconcile, now.plus_seconds(RECONCILE_SECONDS));
        let update = Expression::new(
            "SET #entity = if_not_exists(#entity, :entity), #shape = if_not_exists(#shape, :shape), \
             #data = if_not_exists(#data, :data), #duePk = if_not_exists(#duePk, :duePk), \
             #dueSk = if_not_exists(#dueSk, :dueSk), #leasedUntil = :until, #lease = :token \
             REMOVE #wantedAgain",
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
        Ok(taken.then(|| GroupLease { org: org.clone(), group: group.clone(), token }))
    }

    /// Whether a worker still has the group that it leased.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn is_leased(&self, lease: &GroupLease) -> Result<bool, StoreError> {
        let mut tx = Transaction::new(self);
        lease.require(&mut tx);
        Ok(tx.follow_up_as_far_as_unchanged(&Receipt::of_remains()).await?.is_some())
    }

    /// Asks the worker that has leased a group to look at the ledger once more. False when the group is free by now.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn want_group_again(&self, org: &OrgId, group: &GroupRef) -> Result<bool, StoreError> {
        let update = Expression::new("SET #wantedAgain = :yes", [(":yes", data(&true)?)]);
        let leased = Expression::new("attribute_exists(#lease)", []);
        self.update_if(&keys::group(org, group), &update, &leased).await
    }

    /// Gives a group back, unless another worker has it by now. A lease during which another worker wanted the group stays.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn release_group(&self, lease: &GroupLease) -> Result<Released, StoreError> {
        let key = keys::group(&lease.org, &lease.group);
        let release = Expression::new("REMOVE #leasedUntil, #lease, #wantedAgain", []);
        let is_own = lease.is_own();
        let text = format!("{} AND attribute_not_exists(#wantedAgain)", is_own.text);
        let is_unwanted = Expression { text: text.into(), ..is_own.clone() };
        if self.update_if(&key, &release, &is_unwanted).await? {
            return Ok(Released::Done);
        }
        let go_on = Expression::new("REMOVE #wantedAgain", []);
        let goes_on = self.update_if(&key, &go_on, &is_own).await?;
        Ok(if goes_on { Released::WantedAgain } else { Released::Done })
    }

    /// Gives a group back whose worker cannot go on, also when another worker wants it: the sweeper does what is left.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn give_up_group(&self, lease: &GroupLease) -> Result<(), StoreError> {
        let release = Expression::new("REMOVE #leasedUntil, #lease, #wantedAgain", []);
        self.update_if(&keys::group(&lease.org, &lease.group), &release, &lease.is_own()).await.map(drop)
    }

    /// What the ledger has in a leased group. An entry that cannot be read keeps no other from being worked on.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn rules_of_group(&self, lease: &GroupLease) -> Result<GroupLedger, StoreError> {
        let partition = keys::group_partition(&lease.org, &lease.group);
        let mut ledger = GroupLedger::default();
        for found in self.query_partition_each(&partition).await? {
            let sk = keys_of(&found).1.to_owned();
            let taken = found.and_then(|item| item.read_as(ledger_item));
            match taken {
                Ok(LedgerItem::Rule(rule)) => ledger.rules.push(*rule),
                Ok(LedgerItem::Access(last)) => ledger.last_access = Some(last),
                Ok(LedgerItem::Nothing) => {}
                Err(error) => {
                    tracing::error!(group = %lease.group, ?error, "an entry of the ledger cannot be read");
                    ledger.unreadable += 1;
                    ledger.unreadable_ingress.extend(sk.strip_prefix("RULE#").and_then(Ingress::parse));
                }
            }
        }
        Ok(ledger)
    }

    /// Keeps the credential with which a group was asked, for the comparisons to come.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn remember_access(
        &self,
        lease: &GroupLease,
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
    pub async fn postpone_comparison(&self, lease: &GroupLease, now: Timestamp) -> Result<(), StoreError> {
        let key = keys::group(&lease.org, &lease.group);
        let due = due_values(&key, Round::Reconcile, now.plus_seconds(RECONCILE_SECONDS));
        let update = Expression::new(format!("SET {SET_DUE}"), due);
        self.update_if(&key, &update, &Expression::exists()).await.map(drop)
    }
}
