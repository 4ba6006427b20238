//! Notices: rows are told what happened to their rules.
//!
//! One transaction settles a row, takes it from its rules and lowers its resource's count. So a resource can be deleted as soon as its
//! last row is known to hold nothing.

mod resolve;

use futures_util::{StreamExt, stream};
use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::id::OrgId;
use model::principal::Actor;
use model::rule::{Holder, Rule};
use model::session::{RuleEvent, SessionHead};
use model::text::said;
use model::time::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::hold::release;
use crate::ledger::rule::key_of;
use crate::ledger::session::{Block, newly_settled};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, Item, data, number, set};
use crate::table::keys::{self};
use crate::table::retry::{Attempt, retry_stale};
use crate::table::transaction::{Commit, Failed, Receipt, Transaction};

/// A notice: what rows are told about a rule.
#[derive(Debug, Clone)]
pub struct Notice {
    pub rule: Rule,
    pub holders: BTreeSet<Holder>,
    pub event: RuleEvent,
}

/// Rules of one transaction. Each rule, its row's resource and the block need room.
const RULES_AT_ONCE: usize = 45;

/// Concurrent blocks.
const BLOCKS_AT_ONCE: usize = 8;

/// A notice for the rows of one block.
struct BlockNotice<'a> {
    notice: &'a Notice,
    rows: Vec<Holder>,
}

impl Store {
    /// Tells rows what happened to their rules: each block in its own transactions, several blocks at once. The others are told even if a
    /// block or one of its transactions fails.
    ///
    /// # Errors
    /// The first failure: busy or defect. Other rows may have been told.
    pub async fn notify_rows(
        &self,
        org: &OrgId,
        notices: &[Notice],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // Notices of one kind share an audit row.
        let mut blocks: BTreeMap<_, BTreeMap<_, Vec<BlockNotice<'_>>>> = BTreeMap::new();
        for notice in notices {
            let mut rows: BTreeMap<_, Vec<Holder>> = BTreeMap::new();
            for holder in &notice.holders {
                rows.entry((holder.session, holder.block)).or_default().push(*holder);
            }
            for (block, rows) in rows {
                let kind = audit_event(&notice.event).map(|(_, place)| place);
                blocks.entry(block).or_default().entry(kind).or_default().push(BlockNotice { notice, rows });
            }
        }
        let telling = blocks.into_iter().map(|((session, block), kinds)| async move {
            let (key, mut failures) = (Block::key(org, session, block), Vec::new());
            for some in kinds.values().flat_map(|notices| notices.chunks(RULES_AT_ONCE)) {
                failures.extend(self.notify_block(org, &key, some, now).await.err());
            }
            failures
        });
        let failures: Vec<Vec<StoreError>> =
            stream::iter(telling.collect::<Vec<_>>()).buffered(BLOCKS_AT_ONCE).collect().await;
        let mut failures = failures.into_iter().flatten();
        let first = failures.next();
        for error in failures {
            tracing::error!(?error, "further rows were not told how their rules stand");
        }
        first.map_or(Ok(()), Err)
    }

    async fn notify_block(
        &self,
        org: &OrgId,
        key: &keys::Key,
        notices: &[BlockNotice<'_>],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        retry_stale("a session's rows changed", || async {
            let item = self.get(key).await?;
            let block = item.as_ref().map(Block::read).transpose()?;
            let mut tx = Transaction::new(self);
            let changed = match &block {
                Some(block) => apply(&mut tx, org, block, notices, now)?,
                None => 0,
            };
            for notice in notices {
                take_from_rule(&mut tx, org, notice)?;
            }
            let entry = entry(notices).filter(|_| changed > 0);
            let told = match entry {
                Some(entry) => {
                    let at = match item.as_ref().zip(block.as_ref()) {
                        Some(session) => self.on_record_at(org, session, notices, now).await?,
                        None => now,
                    };
                    matches!(tx.commit(&Actor::system(org.clone()), &entry, at).await?, Commit::Done(_))
                }
                // Rows that know it already are only taken from the rule.
                None => tx.follow_up_or_stale(&Receipt::of_remains()).await?,
            };
            if told {
                return Ok(Attempt::Done(()));
            }
            Ok(Attempt::STALE)
        })
        .await
    }

    /// The time of the audit row: after the session's start, and for a removal after its end. The times come from different machines, and
    /// the log is ordered by time.
    async fn on_record_at(
        &self,
        org: &OrgId,
        (item, block): (&Item, &Block),
        notices: &[BlockNotice<'_>],
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        // Only the first block is on the session's own item.
        let apart = if item.entity == Entity::Session {
            None
        } else {
            self.get_readable_or_not(&keys::session(org, block.session)).await?.and_then(Result::ok)
        };
        let head = apart.as_ref().unwrap_or(item).members::<SessionHead>().ok();
        let Some(head) = head else { return Ok(now) };
        let are_removed = notices.iter().all(|notice| matches!(notice.notice.event, RuleEvent::Removed(_)));
        let ended = head.ended_at().filter(|_| are_removed);
        // The end's audit entry is dated after the start's. This one follows both.
        Ok(now.after(ended.map_or(head.started_at, |ended| ended.after(head.started_at))))
    }
}

/// Applies notices to the rows of a block, and returns how many rows changed.
fn apply(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    block: &Block,
    notices: &[BlockNotice<'_>],
    now: Timestamp,
) -> Result<usize, StoreError> {
    let mut after = block.rows.clone();
    let mut changed: BTreeSet<u16> = BTreeSet::new();
    for notice in notices {
        for holder in &notice.rows {
            let row = after.get_mut(usize::from(holder.row));
            let opening = &notice.notice.rule.ingress.opening;
            if row.is_some_and(|row| row.apply(opening, &notice.notice.event, now)) {
                changed.insert(holder.row);
            }
        }
    }
    if changed.is_empty() {
        return Ok(0);
    }
    block.rewrite(tx, &after)?;
    release(tx, org, &newly_settled(&block.rows, &after))?;
    Ok(changed.len())
}

/// Removes the rows from the sets of the rule that the event closes.
fn take_from_rule(tx: &mut Transaction<'_>, org: &OrgId, notice: &BlockNotice<'_>) -> Result<(), StoreError> {
    let rule = &notice.notice.rule;
    let update = match notice.notice.event {
        RuleEvent::Applied(_) => "DELETE #fresh :rows",
        RuleEvent::Refused(_) => "DELETE #holders :rows, #fresh :rows ADD #generation :one",
        RuleEvent::Removed(_) => "DELETE #leaving :rows",
        RuleEvent::Delayed(_) => return Ok(()),
    };
    let mut update = Expression::new(update, [(":rows", set(&notice.rows))]);
    if matches!(notice.notice.event, RuleEvent::Refused(_)) {
        update = update.with(":one", number(1));
    }
    let same = Expression::new("#data.#id = :id", [(":id", data(&rule.id)?)]);
    tx.update(&key_of(org, rule), &update, &same, |_| Failed::Needless);
    Ok(())
}

/// The audit event, and its position among the kinds.
fn audit_event(event: &RuleEvent) -> Option<(AuditEvent, u8)> {
    match event {
        RuleEvent::Applied(_) => Some((AuditEvent::RuleApply, 0)),
        RuleEvent::Refused(_) => Some((AuditEvent::RuleRefuse, 1)),
        RuleEvent::Removed(_) => Some((AuditEvent::RuleRemove, 2)),
        RuleEvent::Delayed(_) => None,
    }
}

fn entry(notices: &[BlockNotice<'_>]) -> Option<AuditEntry> {
    let first = notices.first()?;
    let (event, _) = audit_event(&first.notice.event)?;
    let session = first.rows.first()?.session;
    let refused = matches!(first.notice.event, RuleEvent::Refused(_));
    Some(AuditEntry {
        event,
        subject: AuditSubject::Session,
        subject_id: session.to_string(),
        subject_name: None,
        result: if refused { AuditResult::Failure } else { AuditResult::Success },
        details: [(String::from("rules"), notices.iter().map(described).collect())].into_iter().collect(),
    })
}

fn described(notice: &BlockNotice<'_>) -> Value {
    let Rule { id, group, ingress, provider_rule_id, .. } = &notice.notice.rule;
    let ports = ingress.opening.ports.map(|(from, to)| json!({"from": from, "to": to}));
    let note = match &notice.notice.event {
        RuleEvent::Applied(_) => None,
        RuleEvent::Refused(why) | RuleEvent::Delayed(why) => Some(why),
        RuleEvent::Removed(note) => note.as_ref(),
    };
    let note = note.map(|text| said(text));
    json!({
        "id": id, "region": group.region, "groupId": group.group_id, "cidr": ingress.cidr(),
        "protocol": ingress.opening.protocol, "ports": ports, "providerRuleId": provider_rule_id, "note": note,
    })
}
