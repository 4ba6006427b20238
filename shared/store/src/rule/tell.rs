//! Telling rows how their rules stand.
//!
//! One transaction settles a row, takes it from its rules and lowers its resource's count, so that a resource can be deleted
//! exactly when the last row on it is known to hold nothing.

use futures_util::{StreamExt, stream};
use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::gathered;
use model::id::OrgId;
use model::principal::Actor;
use model::rule::{Holder, Rule};
use model::session::{News, SessionHead};
use model::text::said;
use model::time::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use super::key_of;
use crate::error::StoreError;
use crate::expression::Expression;
use crate::item::{Entity, Item, data, number, set};
use crate::keys::LIVE;
use crate::retry::Backoff;
use crate::session::{Block, Counts, newly_settled};
use crate::shards::count_of;
use crate::transaction::{Commit, Failed, Receipt, Transaction};
use crate::{Store, keys};

/// What rows are told of a rule.
#[derive(Debug, Clone)]
pub struct Message {
    /// The rule.
    pub rule: Rule,
    /// The rows.
    pub holders: BTreeSet<Holder>,
    /// What happened.
    pub news: News,
}

/// Rules of which one transaction tells, so that each rule, its row's resource and the block have room.
const RULES_AT_ONCE: usize = 45;

/// Blocks that are told at once.
const BLOCKS_AT_ONCE: usize = 8;

/// What one block of rows is told of one rule.
struct Part<'a> {
    message: &'a Message,
    rows: Vec<Holder>,
}

impl Store {
    /// Tells rows, each block of rows in transactions of its own, several blocks at once. A block that cannot be written keeps no
    /// other from hearing, and of one block one transaction no other.
    ///
    /// # Errors
    /// The first of what went wrong: busy or defect. Those who were told stay told.
    pub async fn tell(&self, org: &OrgId, messages: &[Message], now: Timestamp) -> Result<(), StoreError> {
        // What is said of one kind stands in one line of the record.
        let mut blocks: BTreeMap<_, BTreeMap<_, Vec<Part<'_>>>> = BTreeMap::new();
        for message in messages {
            let mut rows: BTreeMap<_, Vec<Holder>> = BTreeMap::new();
            for holder in &message.holders {
                rows.entry((holder.session, holder.block)).or_default().push(*holder);
            }
            for (block, rows) in rows {
                let kind = event(&message.news).map(|(_, place)| place);
                blocks.entry(block).or_default().entry(kind).or_default().push(Part { message, rows });
            }
        }
        let telling = blocks.into_iter().map(|((session, block), kinds)| async move {
            let (key, mut failures) = (Block::key(org, session, block), Vec::new());
            for some in kinds.values().flat_map(|parts| parts.chunks(RULES_AT_ONCE)) {
                failures.extend(self.tell_block(org, &key, some, now).await.err());
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

    async fn tell_block(
        &self,
        org: &OrgId,
        key: &keys::Key,
        parts: &[Part<'_>],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut backoff = Backoff::default();
        loop {
            let item = self.get(key).await?;
            let block = item.as_ref().map(Block::read).transpose()?;
            let mut tx = Transaction::new(self);
            let learnt = match &block {
                Some(block) => learn(&mut tx, org, block, parts, now)?,
                None => 0,
            };
            for part in parts {
                take_from_rule(&mut tx, org, part)?;
            }
            let entry = entry(parts).filter(|_| learnt > 0);
            let told = match entry {
                Some(entry) => {
                    let at = match item.as_ref().zip(block.as_ref()) {
                        Some(session) => self.on_record_at(org, session, parts, now).await?,
                        None => now,
                    };
                    matches!(tx.commit(&Actor::system(org.clone()), &entry, at).await?, Commit::Done(_))
                }
                // Rows that knew it already are only taken from the rule.
                None => tx.follow_up_or_stale(&Receipt::of_remains()).await?,
            };
            if told {
                return Ok(());
            }
            backoff.pause("a session's rows changed").await?;
        }
    }

    /// When the news goes on record: behind the start of the session, and a removal behind its end. Which of two machines has the
    /// faster clock says nothing about what came first, and the time orders the log.
    async fn on_record_at(
        &self,
        org: &OrgId,
        (item, block): (&Item, &Block),
        parts: &[Part<'_>],
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
        let are_removed = parts.iter().all(|part| matches!(part.message.news, News::Removed(_)));
        let ended = head.ended_at().filter(|_| are_removed);
        // The end's own row stands behind the start as well.
        Ok(now.after(ended.map_or(head.started_at, |ended| ended.after(head.started_at))))
    }
}

/// Writes what the rows of a block learn, and says how many learnt something.
fn learn(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    block: &Block,
    parts: &[Part<'_>],
    now: Timestamp,
) -> Result<usize, StoreError> {
    let mut after = block.rows.clone();
    let mut learnt: BTreeSet<u16> = BTreeSet::new();
    for part in parts {
        for holder in &part.rows {
            let row = after.get_mut(usize::from(holder.row));
            let opening = &part.message.rule.ingress.opening;
            if row.is_some_and(|row| row.learn(opening, &part.message.news, now)) {
                learnt.insert(holder.row);
            }
        }
    }
    if learnt.is_empty() {
        return Ok(0);
    }
    block.rewrite(tx, &after)?;
    release(tx, org, &newly_settled(&block.rows, &after))?;
    Ok(learnt.len())
}

/// Lowers the counts of live rows.
pub(crate) fn release(tx: &mut Transaction<'_>, org: &OrgId, settled: &Counts) -> Result<(), StoreError> {
    for (resource, shard, rows) in settled.iter() {
        tx.update(
            &count_of(org, resource, shard),
            &Expression::new(format!("SET #{LIVE} = #{LIVE} - :rows"), [(":rows", number(rows))]),
            &Expression::new(format!("#{LIVE} >= :rows"), [(":rows", number(rows))]),
            |_| Failed::Stale,
        );
    }
    Ok(())
}

/// Takes rows from a rule, as far as the news ends their part in it.
fn take_from_rule(tx: &mut Transaction<'_>, org: &OrgId, part: &Part<'_>) -> Result<(), StoreError> {
    let rule = &part.message.rule;
    let update = match part.message.news {
        News::Applied(_) => "DELETE #fresh :rows",
        News::Refused(_) => "DELETE #holders :rows, #fresh :rows ADD #generation :one",
        News::Removed(_) => "DELETE #leaving :rows",
        News::Delayed(_) => return Ok(()),
    };
    let mut update = Expression::new(update, [(":rows", set(&part.rows))]);
    if matches!(part.message.news, News::Refused(_)) {
        update = update.with(":one", number(1));
    }
    let same = Expression::new("#data.#id = :id", [(":id", data(&rule.id)?)]);
    tx.update(&key_of(org, rule), &update, &same, |_| Failed::Needless);
    Ok(())
}

/// What goes on record, and its place among the kinds.
fn event(news: &News) -> Option<(AuditEvent, u8)> {
    match news {
        News::Applied(_) => Some((AuditEvent::RuleApply, 0)),
        News::Refused(_) => Some((AuditEvent::RuleRefuse, 1)),
        News::Removed(_) => Some((AuditEvent::RuleRemove, 2)),
        News::Delayed(_) => None,
    }
}

fn entry(parts: &[Part<'_>]) -> Option<AuditEntry> {
    let first = parts.first()?;
    let (event, _) = event(&first.message.news)?;
    let session = first.rows.first()?.session;
    let refused = matches!(first.message.news, News::Refused(_));
    Some(AuditEntry {
        event,
        subject: AuditSubject::Session,
        subject_id: session.to_string(),
        subject_name: None,
        result: if refused { AuditResult::Failure } else { AuditResult::Success },
        details: gathered([(String::from("rules"), parts.iter().map(described).collect())]),
    })
}

fn described(part: &Part<'_>) -> Value {
    let Rule { id, group, ingress, provider_rule_id, .. } = &part.message.rule;
    let ports = ingress.opening.ports.map(|(from, to)| json!({"from": from, "to": to}));
    let note = match &part.message.news {
        News::Applied(_) => None,
        News::Refused(why) | News::Delayed(why) => Some(why),
        News::Removed(note) => note.as_ref(),
    };
    let note = note.map(|text| said(text));
    json!({
        "id": id, "region": group.region, "groupId": group.group_id, "cidr": ingress.cidr(),
        "protocol": ingress.opening.protocol, "ports": ports, "providerRuleId": provider_rule_id, "note": note,
    })
}
