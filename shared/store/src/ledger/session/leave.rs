//! How rows leave their rules: all of them at once, whatever the ledger's entries look like.

use model::id::OrgId;
use model::ingress::{GroupRef, Ingress};
use model::rule::Holder;
use model::session::{RuleEvent, SessionRow};
use model::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

use super::Block;
use crate::ledger::due::{SET_DUE, due_values};
use crate::ledger::hold::Counts;
use crate::ledger::rule::{is_readable, leave};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Each, keys_of, number, set};
use crate::table::keys::{self, Round};
use crate::table::transaction::{Failed, Transaction};

/// What is known of the entries of the rules that a block's rows hold. A first attempt knows nothing and takes every entry to be
/// there and readable, which costs no read.
#[derive(Default)]
pub(crate) struct RulesSeen {
    pub(crate) is_known: bool,
    /// Somebody deleted the entry, or the rows lost it while they could not be read.
    missing: BTreeSet<(GroupRef, Ingress)>,
    unreadable: BTreeSet<(GroupRef, Ingress)>,
}

impl RulesSeen {
    pub(crate) fn has_unreadable(&self) -> bool {
        !self.unreadable.is_empty()
    }

    /// Gives up every claim. What has no entry is settled, because nobody would tell its rows. Says how many rows of each
    /// resource hold nothing any more.
    pub(crate) fn give_up(&self, rows: &mut [SessionRow], now: Timestamp) -> Counts {
        let mut settled = Counts::default();
        for row in rows.iter_mut().filter(|row| !row.is_settled()) {
            row.give_up();
            let without_entry: Vec<Ingress> = row.live().collect();
            for ingress in without_entry {
                if self.missing.contains(&(row.group.clone(), ingress)) {
                    row.apply(&ingress.opening, &RuleEvent::Removed(None), now);
                }
            }
            if row.is_settled() {
                settled.add(row);
            }
        }
        settled
    }
}

impl Store {
    /// The entries of the rules that a block's rows hold, or wait for the end of; nothing where there is none.
    pub(crate) async fn entries_of(
        &self,
        org: &OrgId,
        block: &Block,
    ) -> Result<BTreeMap<(GroupRef, Ingress), Option<Each>>, StoreError> {
        let mut entries = BTreeMap::new();
        for row in &block.rows {
            entries.extend(row.live().map(|ingress| ((row.group.clone(), ingress), None)));
        }
        let groups: BTreeSet<GroupRef> = entries.keys().map(|(group, _)| group.clone()).collect();
        for group in groups {
            let found = self.query_partition_each(&keys::group_partition(org, &group)).await?;
            let mut found: BTreeMap<String, Each> =
                found.into_iter().map(|one| (keys_of(&one).1.to_owned(), one)).collect();
            for ((_, ingress), entry) in entries.iter_mut().filter(|((of, _), _)| *of == group) {
                *entry = found.remove(&keys::rule(org, &group, ingress).sk);
            }
        }
        Ok(entries)
    }

    /// Looks at the entries of the rules that a block's rows hold.
    pub(crate) async fn rules_seen(&self, org: &OrgId, block: &Block) -> Result<RulesSeen, StoreError> {
        let mut seen = RulesSeen { is_known: true, ..RulesSeen::default() };
        for (rule, entry) in self.entries_of(org, block).await? {
            match entry {
                None => drop(seen.missing.insert(rule)),
                Some(entry) if !is_readable(&entry) => drop(seen.unreadable.insert(rule)),
                Some(_) => {}
            }
        }
        Ok(seen)
    }
}

/// Leaves every rule that rows of a block claim.
pub(crate) fn leave_rules(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    (block, seen): (&Block, &RulesSeen),
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut rules: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (place, row) in block.rows.iter().enumerate() {
        for ingress in row.held() {
            rules.entry((row.group.clone(), ingress)).or_default().push(block.holder(place));
        }
    }
    for (rule, holders) in &rules {
        if seen.unreadable.contains(rule) {
            leave_unreadable(tx, org, rule, holders, now);
        } else if !seen.missing.contains(rule) {
            leave(tx, org, (&rule.0, &rule.1), holders, now)?;
        }
    }
    Ok(())
}

/// Leaves a rule whose entry cannot be read: what was found of it stays as it is, because it may not be there.
fn leave_unreadable(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    (group, ingress): &(GroupRef, Ingress),
    holders: &[Holder],
    now: Timestamp,
) {
    let key = keys::rule(org, group, ingress);
    let text =
        format!("SET {SET_DUE} DELETE #holders :rows, #fresh :rows ADD #leaving :rows, #generation :one");
    let update = Expression::new(text, due_values(&key, Round::Sweep, now))
        .with(":rows", set(holders))
        .with(":one", number(1));
    tx.update(&key, &update, &Expression::exists(), |_| Failed::Stale);
}
