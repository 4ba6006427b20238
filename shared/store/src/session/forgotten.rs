//! Rows that wait for the end of a rule whose entry does not name them.
//!
//! They lost the rule while they could not be read ([`super::evict`]), or somebody deleted the entry. Nobody would tell them that the
//! rule is gone, and the resource would count them for good.

use futures_util::future::join_all;
use model::id::{OrgId, ResourceId};
use model::ingress::{GroupRef, Ingress};
use model::session::News;
use model::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

use super::evict::holders_in;
use super::{Block, Loaded};
use crate::Store;
use crate::error::StoreError;
use crate::item::{Each, keys_of};
use crate::keys;
use crate::rule::release;
use crate::transaction::{Receipt, Transaction};

impl Store {
    /// Settles the rows of an ended session that no rule names any more. The rows are as they were read before the rules, and a row
    /// that waits joins no rule again: so a rule that does not name it will not.
    ///
    /// # Errors
    /// Busy or defect, the first of several.
    pub(super) async fn settle_forgotten(
        &self,
        org: &OrgId,
        loaded: &Loaded,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let armed = loaded.blocks.iter().filter(|block| block.is_armed);
        let settling = armed.map(|block| self.settle_forgotten_of(org, block, now));
        join_all(settling.collect::<Vec<_>>()).await.into_iter().collect()
    }

    /// What changes at the same time is left to the next run of the sweeper.
    async fn settle_forgotten_of(
        &self,
        org: &OrgId,
        block: &Block,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut rows = block.rows.clone();
        let mut settled: BTreeMap<ResourceId, i64> = BTreeMap::new();
        for (group, ingress, place) in self.forgotten(org, block).await? {
            let Some(row) = rows.get_mut(place).filter(|row| row.group == group) else { continue };
            if !row.learn(&ingress.opening, &News::Removed(None), now) {
                continue;
            }
            if row.is_settled() {
                *settled.entry(row.resource_id).or_default() += 1;
            }
        }
        if rows == block.rows {
            return Ok(());
        }
        let mut tx = Transaction::new(self);
        block.rewrite(&mut tx, &rows)?;
        release(&mut tx, org, &settled)?;
        tx.follow_up_or_stale(&Receipt::of_remains()).await.map(drop)
    }

    /// The rules that rows of a block have given up, and whose entries do not name them; with the row's place.
    async fn forgotten(
        &self,
        org: &OrgId,
        block: &Block,
    ) -> Result<Vec<(GroupRef, Ingress, usize)>, StoreError> {
        let mut forgotten = Vec::new();
        let groups: BTreeSet<&GroupRef> = block.rows.iter().map(|row| &row.group).collect();
        for group in groups {
            let entries: Vec<Each> = self.query_partition_each(&keys::group_partition(org, group)).await?;
            for (place, row) in block.rows.iter().enumerate().filter(|(_, row)| row.group == *group) {
                let held: BTreeSet<Ingress> = row.held().collect();
                for ingress in row.live().filter(|ingress| !held.contains(ingress)) {
                    let key = keys::rule(org, group, &ingress);
                    let entry = entries.iter().find(|one| keys_of(one).1 == key.sk);
                    if !entry.is_some_and(|entry| holders_in(entry).contains(&block.holder(place))) {
                        forgotten.push((group.clone(), ingress, place));
                    }
                }
            }
        }
        Ok(forgotten)
    }
}
