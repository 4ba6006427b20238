//! Starts of sessions with more rows than fit into one transaction.
//!
//! First the rows are reserved: invisible blocks of rows, with their resources' counts. Then the session is written under the condition
//! that all of its blocks exist. Then the blocks are armed: their claims join the rules. A start that is interrupted before the session
//! exists leaves blocks, which the sweeper releases. A start that is interrupted later leaves unarmed blocks, which the sweeper arms.

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject, details};
use model::id::{OrgId, ResourceId, SessionId};
use model::ingress::{GroupRef, Ingress};
use model::principal::Actor;
use model::rule::RULE_IS_FULL;
use model::session::{RuleEvent, SessionHead, SessionRow};
use model::time::Timestamp;
use serde_json::{Map, json};
use std::collections::{BTreeMap, BTreeSet};

use super::plan::BlockPlan;
use super::start::take_resources;
use crate::directory::resource::OpenableResource;
use crate::ledger::due::due_item;
use crate::ledger::hold::release;
use crate::ledger::rule::{self, Join, join};
use crate::ledger::session::{Block, entry, live_rows, newly_settled, rows_attribute};
use crate::table::Store;
use crate::table::error::{Cause, StoreError};
use crate::table::expression::Expression;
use crate::table::item::{Each, Entity, NewItem, data, keys_of, number};
use crate::table::keys::{self, ARMED, DUE_PK, DUE_SK, ROWS, Round, VERSION};
use crate::table::transaction::{Commit, Failed, Receipt, Transaction};

/// Seconds after which the sweeper checks whether reserved rows have a session. No function runs for so long.
const RESERVED_SECONDS: i64 = 60;

/// Concurrent transactions.
const AT_ONCE: usize = 8;

impl Store {
    /// Reserves all blocks, or none.
    pub(super) async fn reserve(
        &self,
        actor: &Actor,
        head: &SessionHead,
        plans: &[BlockPlan],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut blocks = Vec::new();
        for (plan, number) in plans.iter().zip(1..) {
            blocks.push(self.reserve_block(actor, head, plan, number, now));
        }
        let outcomes: Vec<Result<bool, StoreError>> = stream::iter(blocks).buffered(AT_ONCE).collect().await;
        let failure = match outcomes.into_iter().collect::<Result<Vec<_>, _>>() {
            Ok(reserved) if reserved.iter().all(|is| *is) => return Ok(true),
            Ok(_) => None,
            Err(error) => Some(error),
        };
        self.release_reserved(&actor.org, head.id, plans.len(), now).await;
        failure.map_or(Ok(false), Err)
    }

    /// Releases the reserved blocks of a session that was not written. The sweeper releases what fails here.
    pub(super) async fn release_reserved(&self, org: &OrgId, id: SessionId, blocks: usize, now: Timestamp) {
        let mut releases = Vec::new();
        for number in (1..).take(blocks) {
            releases.push(self.release_block_at(org, id, number, now));
        }
        for error in join_all(releases).await.into_iter().filter_map(Result::err) {
            tracing::warn!(session = %id, ?error, "reserved rows are released later");
        }
    }

    async fn reserve_block(
        &self,
        actor: &Actor,
        head: &SessionHead,
        plan: &BlockPlan,
        number_of_block: u16,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let org = &actor.org;
        let key = keys::session_rows(org, head.id, number_of_block);
        let item = NewItem::new(&key, Entity::SessionRows, &Map::new())?
            .with(VERSION, number(1))
            .with(ROWS, rows_attribute(&plan.rows)?)
            .with(ARMED, data(&false)?);
        let item = due_item(item, &key, Round::Sweep, now.plus_seconds(RESERVED_SECONDS));
        let mut tx = Transaction::new(self);
        tx.create(item, |_| Failed::Stale);
        take_resources(&mut tx, org, head.id, plan)?;
        let details = details(json!({"rows": plan.rows.len()}));
        let commit = tx.commit(actor, &entry(AuditEvent::SessionReserve, head, details), now).await?;
        Ok(matches!(commit, Commit::Done(_)))
    }

    /// Processes reserved rows: arms them if their session exists, and releases them otherwise. An unreadable block is an error after the
    /// others are processed.
    ///
    /// # Errors
    /// Busy or defect: the first failure, after everything else was tried.
    pub async fn process_due_rows(
        &self,
        org: &OrgId,
        id: SessionId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let items = self.query_partition_each(&keys::session_partition(org, id)).await?;
        if items.iter().any(|one| keys_of(one).1 == keys::SESSION_SK) {
            return self.arm_session(org, id, now).await;
        }
        let (mut blocks, mut outcomes) = (Vec::new(), Vec::new());
        for one in items {
            match one.and_then(|item| item.read_as(Block::read)) {
                Ok(block) => blocks.push(block),
                Err(unreadable) => outcomes.push(Err(unreadable.error())),
            }
        }
        let mut releases = Vec::new();
        for block in &blocks {
            releases.push(self.release_block(org, block, now));
        }
        outcomes.extend(stream::iter(releases).buffered(AT_ONCE).collect::<Vec<_>>().await);
        outcomes.into_iter().collect()
    }

    async fn release_block_at(
        &self,
        org: &OrgId,
        id: SessionId,
        number: u16,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match self.get(&keys::session_rows(org, id, number)).await? {
            Some(item) => self.release_block(org, &Block::read(&item)?, now).await,
            None => Ok(()),
        }
    }

    /// Deletes reserved rows and their counts, if their session does not exist.
    async fn release_block(&self, org: &OrgId, block: &Block, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = Transaction::new(self);
        let unarmed = Expression::has_version(block.version);
        tx.delete(&keys::session_rows(org, block.session, block.number), &unarmed, |_| Failed::Stale);
        tx.require(&keys::session(org, block.session), &Expression::absent(), |_| Failed::Stale);
        release(&mut tx, org, &live_rows(block))?;
        let entry = AuditEntry {
            event: AuditEvent::SessionRelease,
            subject: AuditSubject::Session,
            subject_id: block.session.to_string(),
            subject_name: None,
            result: AuditResult::Success,
            details: details(json!({"rows": block.rows.len()})),
        };
        // If it is stale, another run has processed the block.
        tx.commit(&Actor::system(org.clone()), &entry, now).await.map(drop)
    }

    /// Arms a block: its claims join the rules. Claims on a full rule are refused, and the others join.
    pub(super) async fn arm_block(
        &self,
        org: &OrgId,
        block: &Block,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let ids = block.rows.iter().map(|row| row.resource_id).collect();
        let resources = self.versioned_resources(org, &ids).await?;
        let claims = claims(block);
        let tx = self.arming(org, block, (&claims, &resources), now)?;
        // The block stays due until all of its claims have joined.
        if tx.follow_up_or_stale(&Receipt::of_remains()).await? {
            return Ok(());
        }
        let full = self.full_rules(org, claims.keys()).await?;
        let refusing = Box::pin(self.arm_with_refusals(org, block, (claims, &full, &resources), now));
        if !full.is_empty() && refusing.await? {
            return Ok(());
        }
        Err(StoreError::Busy(Cause::new("the claims of a session's rows cannot be written down yet")))
    }

    /// The transaction that arms a block.
    fn arming(
        &self,
        org: &OrgId,
        block: &Block,
        (claims, resources): (&Claims, &[OpenableResource]),
        now: Timestamp,
    ) -> Result<Transaction<'_>, StoreError> {
        let mut tx = Transaction::new(self);
        arm(&mut tx, org, block, None)?;
        join_claims(&mut tx, org, (block, claims, resources), now)?;
        Ok(tx)
    }

    /// The full ones of some rules.
    async fn full_rules<'r>(
        &self,
        org: &OrgId,
        rules: impl Iterator<Item = &'r (GroupRef, Ingress)>,
    ) -> Result<Full, StoreError> {
        let rules: Vec<_> = rules.collect();
        let keys: Vec<_> = rules.iter().map(|(group, ingress)| keys::rule(org, group, ingress)).collect();
        let found = self.get_each(&keys).await?;
        let is_full = |key: &keys::Key| {
            let own = |one: &&Each| keys_of(one) == (key.pk.as_str(), key.sk.as_str());
            found.iter().find(own).is_some_and(|one| one.as_ref().is_ok_and(|item| !rule::has_room(item)))
        };
        let full = rules.iter().zip(&keys).filter(|(_, key)| is_full(key));
        Ok(full.map(|(rule, _)| (*rule).clone()).collect())
    }

    /// Arms a block with full rules: the claims on these fail. False if something has changed again.
    async fn arm_with_refusals(
        &self,
        org: &OrgId,
        block: &Block,
        (mut claims, full, resources): (Claims, &Full, &[OpenableResource]),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (mut rows, event) = (block.rows.clone(), RuleEvent::Refused(RULE_IS_FULL.into()));
        for rule in full {
            for place in claims.remove(rule).unwrap_or_default() {
                rows.get_mut(place).map(|row| row.apply(&rule.1.opening, &event, now));
            }
        }
        let mut tx = Transaction::new(self);
        arm(&mut tx, org, block, Some(&rows))?;
        join_claims(&mut tx, org, (block, &claims, resources), now)?;
        release(&mut tx, org, &newly_settled(&block.rows, &rows))?;
        match tx.commit(&Actor::system(org.clone()), &refusal_entry(block, full), now).await {
            Ok(commit) => Ok(matches!(commit, Commit::Done(_))),
            Err(StoreError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The rules that a block's rows claim, with the places of the rows.
type Claims = BTreeMap<(GroupRef, Ingress), Vec<usize>>;

/// Rules without room for another row.
type Full = BTreeSet<(GroupRef, Ingress)>;

fn claims(block: &Block) -> Claims {
    let mut claims = Claims::new();
    for (place, row) in block.rows.iter().enumerate() {
        for ingress in row.live() {
            claims.entry((row.group.clone(), ingress)).or_default().push(place);
        }
    }
    claims
}

/// Marks a block as armed, and writes its rows if some claims failed.
fn arm(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    block: &Block,
    rows: Option<&[SessionRow]>,
) -> Result<(), StoreError> {
    let set_rows = if rows.is_some() { format!(", #{ROWS} = :rows") } else { String::new() };
    let text = format!(", #{ARMED} = :yes{set_rows} REMOVE #{DUE_PK}, #{DUE_SK}");
    let mut armed = Expression::new(text, [(":yes", data(&true)?)]);
    if let Some(rows) = rows {
        armed = armed.with(":rows", block.fitting(rows)?.1);
    }
    let key = keys::session_rows(org, block.session, block.number);
    tx.change_beside(&key, block.version, &armed, |_| Failed::Stale);
    Ok(())
}

fn join_claims(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    (block, claims, resources): (&Block, &Claims, &[OpenableResource]),
    now: Timestamp,
) -> Result<(), StoreError> {
    for ((group, ingress), places) in claims {
        let holders: Vec<_> = places.iter().map(|place| block.holder(*place)).collect();
        let resource = places.first().and_then(|place| block.rows.get(*place)).map(|row| row.resource_id);
        let Some((resource, credential)) = resource.and_then(|id| find(resources, id)) else {
            // A resource with live rows cannot have been deleted.
            return Err(crate::table::error::corrupt("a reserved row has no resource"));
        };
        join(tx, &Join { org, group, ingress: *ingress, credential, resource, holders: &holders, now })?;
    }
    Ok(())
}

fn refusal_entry(block: &Block, full: &Full) -> AuditEntry {
    let described = |(group, ingress): &(GroupRef, Ingress)| {
        let ports = ingress.opening.ports.map(|(from, to)| json!({"from": from, "to": to}));
        json!({
            "region": group.region, "groupId": group.group_id, "cidr": ingress.cidr(),
            "protocol": ingress.opening.protocol, "ports": ports, "note": RULE_IS_FULL,
        })
    };
    let rules: Vec<_> = full.iter().map(described).collect();
    AuditEntry {
        event: AuditEvent::RuleRefuse,
        subject: AuditSubject::Session,
        subject_id: block.session.to_string(),
        subject_name: None,
        result: AuditResult::Failure,
        details: details(json!({"rules": rules})),
    }
}

fn find(resources: &[OpenableResource], id: ResourceId) -> Option<(ResourceId, model::id::CredentialId)> {
    let found = resources.iter().find(|resource| resource.resource.id == id)?;
    Some((id, found.resource.credential_id))
}
