//! Groups and their leases. One worker at a time works on a group, because concurrent calls to the cloud would contradict each other.
//!
//! A lease ends by time, and clocks differ, so time alone protects nothing. A worker records its intents under the condition that it
//! still has the lease ([`GroupLease::require`]), and its findings under the condition that there is no newer one. A worker that finds a
//! group leased marks it, and the worker with the lease then reads the ledger once more. So no change is missed.

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

/// Seconds of a lease. `template.yaml` gives workers less time than this.
pub const LEASE_SECONDS: i64 = 60;

/// Seconds between two comparisons of a group with the ledger. It is a little less than an hour, so that a run that comes early does not
/// skip the group.
const RECONCILE_SECONDS: i64 = 3300;

/// The right of one worker to work on a group.
#[derive(Debug, Clone)]
pub struct GroupLease {
    pub org: OrgId,
    pub group: GroupRef,
    token: String,
}

impl GroupLease {
    /// Requires in a transaction that this lease is still valid.
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
    /// The group is free, or leased to another worker.
    Done,
    /// The lease stays. Another worker wanted the group, so the ledger may have changed.
    WantedAgain,
}

/// What the ledger has in a group.
#[derive(Debug, Clone, Default)]
pub struct GroupLedger {
    /// The credential that was used last, with its resource.
    pub last_access: Option<(CredentialId, ResourceId)>,
    /// The readable entries.
    pub rules: Vec<Rule>,
    /// Number of unreadable items.
    pub unreadable: usize,
    /// What the unreadable entries let in, as far as their keys say it.
    pub unreadable_ingress: Vec<Ingress>,
}

/// One item of a group.
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
    /// Leases a group to a worker, unless another worker has it.
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
        // The call's own token is there if the first answer was lost and the SDK repeated the call.
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

    /// Asks the worker that has leased a group to read the ledger once more. False if the group is free.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn want_group_again(&self, org: &OrgId, group: &GroupRef) -> Result<bool, StoreError> {
        let update = Expression::new("SET #wantedAgain = :yes", [(":yes", data(&true)?)]);
        let leased = Expression::new("attribute_exists(#lease)", []);
        self.update_if(&keys::group(org, group), &update, &leased).await
    }

    /// Releases a lease. It stays if another worker wanted the group meanwhile.
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

    /// Releases the lease of a worker that cannot go on, even if another worker wants the group. The sweeper does the rest.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn give_up_group(&self, lease: &GroupLease) -> Result<(), StoreError> {
        let release = Expression::new("REMOVE #leasedUntil, #lease, #wantedAgain", []);
        self.update_if(&keys::group(&lease.org, &lease.group), &release, &lease.is_own()).await.map(drop)
    }

    /// The entries of a leased group. An unreadable entry is counted, and the others are returned.
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

    /// Keeps the credential that was used for a group, for later comparisons.
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

    /// Makes the next comparison of a group due in an hour.
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
