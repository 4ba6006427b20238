//! The record of a verification with the provider.

use model::audit::{AuditEntry, AuditEvent, AuditResult, FieldChange, changes};
use model::ingress::GroupRef;
use model::principal::Actor;
use model::refusal::Refusal;
use model::resource::Resource;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::{ResourceData, entry, resource};
use crate::ledger::hold::closings::count_closing;
use crate::ledger::hold::shards::Sharded;
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::idempotency::Recorded;
use crate::table::keys::{self, VERSION};
use crate::table::retry::{Attempt, retry_stale};
use crate::table::transaction::{Commit, Transaction};

/// A resource after the provider was asked.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The resource, active or not as the provider said.
    pub resource: Resource,
    /// What the provider said.
    pub answer: ProviderAnswer,
}

/// What a provider says of a resource: what its group has, or why it refuses.
pub type ProviderAnswer = Result<GroupFound, String>;

/// What a group has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupFound {
    /// How many more rules it takes.
    #[serde(flatten)]
    pub slots: RuleSlots,
    /// Who else has rules in it. First results of earlier versions do not say it.
    #[serde(default)]
    pub neighbours: BTreeSet<Neighbour>,
}

/// Somebody else who opens a group with Postern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Neighbour {
    /// Another deployment.
    Deployment,
    /// Another organization of this deployment.
    Organization,
}

/// How many more inbound rules a resource takes, by address family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSlots {
    /// For IPv4 addresses.
    pub ipv4: u32,
    /// For IPv6 addresses.
    pub ipv6: u32,
}

/// A verification's form among the first results.
#[derive(Serialize, Deserialize)]
pub(crate) struct VerifiedData {
    resource: ResourceData,
    answer: ProviderAnswer,
}

impl Recorded for Verified {
    type Data = VerifiedData;

    fn to_data(&self) -> VerifiedData {
        VerifiedData { resource: self.resource.to_data(), answer: self.answer.clone() }
    }

    fn from_data(data: VerifiedData) -> Result<Self, StoreError> {
        Ok(Self { resource: Resource::from_data(data.resource)?, answer: data.answer })
    }
}

impl Store {
    /// Verifies a resource once for each `Idempotency-Key`: `ask` asks the provider, and its answer is recorded with
    /// [`Store::record_verification`].
    ///
    /// # Errors
    /// Those of `ask`; busy or defect.
    pub async fn verify_once(
        &self,
        actor: &Actor,
        now: Timestamp,
        ask: impl Future<Output = Result<Verified, StoreError>>,
    ) -> Result<Verified, StoreError> {
        let verified = self.idempotent(actor, now, ask).await?;
        if !verified.resource.is_active {
            // Also for a repetition: the first one may have broken off.
            self.catch_up_shards(&actor.org, Sharded::Resource(verified.resource.id), now).await?;
        }
        Ok(verified)
    }

    /// Records what the provider said of a resource as it was `asked` about: success makes it active, a refusal inactive.
    ///
    /// After a success the rules of the group that wait are tried again at once. They are woken before it is recorded: a
    /// request that breaks off in between can be repeated, and an attempt too many does no harm.
    ///
    /// # Errors
    /// `ResourceNotFound`; `VerificationOutdated` when what the provider was asked about has changed meanwhile; busy or
    /// defect.
    pub async fn record_verification(
        &self,
        actor: &Actor,
        asked: &Resource,
        answer: ProviderAnswer,
        now: Timestamp,
    ) -> Result<Verified, StoreError> {
        if answer.is_ok() {
            self.wake_rules_of_group(&actor.org, &group_of(asked), now).await?;
        }
        retry_stale("the resource changed", || async {
            let item = self.get(&keys::resource(&actor.org, asked.id)).await?;
            let item = item.ok_or(Refusal::ResourceNotFound(asked.id))?;
            let (before, version) = (resource(&item)?, item.number(VERSION)?);
            if !is_same_question(asked, &before) {
                return Err(Refusal::VerificationOutdated.into());
            }
            let verified = Verified { resource: after(&before, answer.is_ok(), now), answer: answer.clone() };
            if let Commit::Done(_) = self.write_verification(actor, &before, &verified, version, now).await? {
                return Ok(Attempt::Done(verified));
            }
            Ok(Attempt::STALE)
        })
        .await
    }

    async fn write_verification(
        &self,
        actor: &Actor,
        before: &Resource,
        verified: &Verified,
        version: i64,
        now: Timestamp,
    ) -> Result<Commit, StoreError> {
        let after = &verified.resource;
        let mut tx = Transaction::idempotent(self, actor, verified, now)?;
        tx.replace_data(&keys::resource(&actor.org, after.id), &ResourceData::from(after), version)?;
        if before.is_active && !after.is_active {
            count_closing(&mut tx, &actor.org)?;
        }
        tx.commit(actor, &verification_entry(before, verified), now).await
    }
}

fn group_of(resource: &Resource) -> GroupRef {
    GroupRef {
        region: resource.region.clone().unwrap_or_default(),
        group_id: resource.resource_identifier.clone(),
    }
}

/// Whether the provider would still be asked the same.
fn is_same_question(asked: &Resource, now: &Resource) -> bool {
    asked.credential_id == now.credential_id
        && asked.resource_identifier == now.resource_identifier
        && asked.region == now.region
}

fn after(before: &Resource, is_active: bool, now: Timestamp) -> Resource {
    let last_verified_at = if is_active { Some(now) } else { before.last_verified_at };
    Resource { is_active, last_verified_at, updated_at: now, ..before.clone() }
}

fn verification_entry(before: &Resource, verified: &Verified) -> AuditEntry {
    let after = &verified.resource;
    let changed = [
        FieldChange::between("isActive", &before.is_active, &after.is_active),
        FieldChange::between("lastVerifiedAt", &before.last_verified_at, &after.last_verified_at),
    ];
    let changed: Vec<_> = changed.into_iter().flatten().collect();
    let mut entry = entry(AuditEvent::ResourceVerify, after, changes(&changed));
    if let Err(reason) = &verified.answer {
        entry.result = AuditResult::Failure;
        entry.details.insert("reason".into(), reason.as_str().into());
    }
    entry
}
