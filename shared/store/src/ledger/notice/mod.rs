//! Telling rows how their rules stand.
//!
//! One transaction settles a row, takes it from its rules and lowers its resource's count, so that a resource can be deleted
//! exactly when the last row on it is known to hold nothing.

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

/// What rows are told of a rule.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The rule.
    pub rule: Rule,
    /// The rows.
    pub holders: BTreeSet<Holder>,
    /// What happened.
    pub event: RuleEvent,
}

/// Rules of which one transaction tells, so that each rule, its row's resource and the block have room.
const RULES_AT_ONCE: usize = 45;

/// Blocks that are told at once.
const BLOCKS_AT_ONCE: usize = 8;

/// What one block of rows is told of one rule.
struct BlockNotice<'a> {
    notice: &'a Notice,
    rows: Vec<Holder>,
}

impl Store {
    /// Tells rows, each block of rows in transactions of its own, several blocks at once. A block that cannot be written keeps no
    /// other from hearing, and of one block one transaction no other.
    ///
    /// # Errors
    /// The first of what went wrong: busy or defect. Those who were told stay told.
    pub async fn notify_rows(
        &self,
        org: &OrgId,
        notices: &[Notice],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // What is said of one kind stands in one line of the record.
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
                // Rows that knew it already are only taken from the rule.
                None => tx.follow_up_or_stale(&Receipt::of_remains()).await?,
            };
            if told {
                return Ok(Attempt::Done(()));
            }
            Ok(Attempt::STALE)
        })
        .await
    }

    /// When the event goes on record: behind the start of the session, and a removal behind its end. Which of two machines has the
    /// faster clock says nothing about what came first, and the time orders the log.
    async fn on_record_at(
        &self,
        org: &OrgId,
        (item, block): (&Item, &Block),
        notices: &[BlockNotice<'_>],
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        // Only the first block stands in the session's own item.
        let apart = if item.entity == Entity::Session {
            None
        } else {
            self.get_readable_or_not(&keys::session(org, block.session)).await?.and_then(Result::ok)
        };
        let head = apart.as_ref().unwrap_or(item).members::<SessionHead>().ok();
        let Some(head) = head else { return Ok(now) };
        let are_removed = notices.iter().all(|notice| matches!(notice.notice.event, RuleEvent::Removed(_)));
        let ended = head.ended_at().filter(|_| are_removed);
        // The end's own row stands behind the start as well.
        Ok(now.after(ended.map_or(head.started_at, |ended| ended.after(head.started_at))))
    }
}

/// Writes what the rows of a block learn, and says how many changed something.
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

/// Takes rows from a rule, as far as the event ends their part in it.
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

/// What goes on record, and its place among the kinds.
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
