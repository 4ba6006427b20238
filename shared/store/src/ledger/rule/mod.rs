//! Rules: one entry for each rule that Postern wants, has, or must still remove.
//!
//! Session rows join and leave an entry in their sessions' transactions, without a read: the holders are sets on the item ([`claim`]). A
//! worker leases the rule's group ([`group`]), learns whether the rule is in the cloud, and records it if there is no newer finding
//! ([`finding`]). [`crate::ledger::notice`] tells the rows.

mod claim;
pub(crate) mod finding;
mod group;
mod list;
mod wake;

pub(crate) use claim::{Join, has_room, join, leave};
pub use finding::Finding;
pub use group::{GroupLease, GroupLedger, LEASE_SECONDS, Released};
pub use list::{ListedRule, RuleEntry, UnreadableRule};
pub(crate) use wake::ListedRules;

use model::account::AccountId;
use model::id::{CredentialId, OrgId, ResourceId, RuleId};
use model::ingress::{GroupRef, Ingress};
use model::rule::{Holder, Presence, Rule};
use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use crate::table::error::{StoreError, corrupt};
use crate::table::item::{Each, Entity, Item, time};
use crate::table::keys::{
    CREDENTIAL_ID, DUE_SK, FOUND, FRESH, GENERATION, HOLDERS, LEAVING, RESOURCE_ID, REVISION,
};

/// The members of a rule's item, which never change. Holders and finding are attributes beside them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleData {
    pub(crate) id: RuleId,
    pub(crate) group: GroupRef,
    pub(crate) ingress: Ingress,
    #[serde(with = "model::time::millis")]
    pub(crate) created_at: Timestamp,
}

/// The finding about a rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundData {
    pub(crate) presence: Presence,
    pub(crate) provider_rule_id: Option<String>,
    pub(crate) attempts: u32,
    pub(crate) last_error: Option<String>,
    pub(crate) is_refused: bool,
    #[serde(default)]
    pub(crate) account: Option<AccountId>,
    /// Milliseconds since 1970.
    #[serde(default)]
    pub(crate) unsettled_until: Option<i64>,
    #[serde(default)]
    pub(crate) is_removal_sent: bool,
    #[serde(default)]
    pub(crate) may_vanish: bool,
    #[serde(default)]
    pub(crate) asked_up_to: Option<CredentialId>,
    #[serde(default)]
    pub(crate) failed_generation: Option<u64>,
}

impl FoundData {
    /// The finding about a rule that no call has asked for yet.
    pub(crate) fn absent() -> Self {
        Self {
            presence: Presence::Absent,
            provider_rule_id: None,
            attempts: 0,
            last_error: None,
            is_refused: false,
            account: None,
            unsettled_until: None,
            is_removal_sent: false,
            may_vanish: false,
            asked_up_to: None,
            failed_generation: None,
        }
    }
}

fn holders(item: &Item, name: &str) -> Result<BTreeSet<Holder>, StoreError> {
    let mut holders = BTreeSet::new();
    for text in item.set(name) {
        holders.insert(Holder::parse(text).ok_or_else(|| corrupt("a holder is no row of a session"))?);
    }
    Ok(holders)
}

fn count(item: &Item, name: &str) -> Result<u64, StoreError> {
    u64::try_from(item.number(name)?).map_err(corrupt)
}

pub(crate) fn rule(item: &Item) -> Result<Rule, StoreError> {
    let (data, found): (RuleData, FoundData) = (item.members()?, item.attribute(FOUND)?);
    let due_at = if item.has(DUE_SK) { Some(item.text(DUE_SK)?) } else { None };
    let due_at = due_at.map(|millis| time(millis.parse().map_err(corrupt)?));
    Ok(Rule {
        id: data.id,
        group: data.group,
        ingress: data.ingress,
        credential_id: credential_id(item)?,
        resource_id: resource_id(item)?,
        holders: holders(item, HOLDERS)?,
        fresh: holders(item, FRESH)?,
        leaving: holders(item, LEAVING)?,
        presence: found.presence,
        provider_rule_id: found.provider_rule_id,
        attempts: found.attempts,
        last_error: found.last_error,
        is_refused: found.is_refused,
        account: found.account,
        unsettled_until: found.unsettled_until.map(time).transpose()?,
        is_removal_sent: found.is_removal_sent,
        may_vanish: found.may_vanish,
        asked_up_to: found.asked_up_to,
        failed_generation: found.failed_generation,
        due_at: due_at.transpose()?,
        generation: count(item, GENERATION)?,
        revision: count(item, REVISION)?,
        created_at: data.created_at,
    })
}

fn credential_id(item: &Item) -> Result<CredentialId, StoreError> {
    CredentialId::parse(item.text(CREDENTIAL_ID)?).map_err(|_| corrupt("it names no credential"))
}

fn resource_id(item: &Item) -> Result<ResourceId, StoreError> {
    ResourceId::parse(item.text(RESOURCE_ID)?).map_err(|_| corrupt("it names no resource"))
}

/// The key of a rule's item.
pub(crate) fn key_of(org: &OrgId, rule: &Rule) -> crate::table::keys::Key {
    crate::table::keys::rule(org, &rule.group, &rule.ingress)
}

/// The rows that a rule's entry names, readable or not.
pub(crate) fn holders_in(one: &Each) -> BTreeSet<Holder> {
    let named = |name: &str| match one {
        Ok(item) => item.set(name).to_vec(),
        Err(unreadable) => unreadable.set(name).to_vec(),
    };
    let texts = [HOLDERS, FRESH, LEAVING].into_iter().flat_map(named);
    texts.filter_map(|text| Holder::parse(&text)).collect()
}

/// Whether a rule's entry can be read.
pub(crate) fn is_readable(one: &Each) -> bool {
    one.as_ref().is_ok_and(|item| item.entity == Entity::Rule && rule(item).is_ok())
}
