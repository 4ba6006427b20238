//! Rows that wait for the end of a rule whose entry does not name them.
//!
//! They lost the rule while they could not be read ([`super::evict`]), or somebody deleted the entry. Nobody would tell them that the
//! rule is gone, and the resource would count them for good.

use futures_util::future::join_all;
use model::id::OrgId;
use model::ingress::Ingress;
use model::session::RuleEvent;
use model::time::Timestamp;
use std::collections::BTreeSet;

use super::{Block, Loaded, newly_settled};
use crate::ledger::hold::release;
use crate::ledger::rule::holders_in;
use crate::table::Store;
use crate::table::error::{Cause, StoreError};
use crate::table::transaction::{Receipt, Transaction};

impl Store {
    /// Settles the rows of an ended session that no rule names any more. The rows are as they were read before the rules, and a row
    /// that waits joins no rule again: so a rule that does not name it will not.
    ///
    /// # Errors
    /// Busy or defect, the first of several.
    pub(crate) async fn settle_forgotten(
        &self,
        org: &OrgId,
        loaded: &Loaded,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let armed = loaded.blocks.iter().filter(|block| block.is_armed);
        let settling = armed.map(|block| self.settle_forgotten_of(org, block, now));
        join_all(settling.collect::<Vec<_>>()).await.into_iter().collect()
    }

    async fn settle_forgotten_of(
        &self,
        org: &OrgId,
        block: &Block,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let entries = self.entries_of(org, block).await?;
        let mut rows = block.rows.clone();
        for (place, row) in rows.iter_mut().enumerate() {
            let held: BTreeSet<Ingress> = row.held().collect();
            let given_up: Vec<Ingress> = row.live().filter(|ingress| !held.contains(ingress)).collect();
            for ingress in given_up {
                let entry = entries.get(&(row.group.clone(), ingress)).and_then(Option::as_ref);
                if !entry.is_some_and(|entry| holders_in(entry).contains(&block.holder(place))) {
                    row.apply(&ingress.opening, &RuleEvent::Removed(None), now);
                }
            }
        }
        if rows == block.rows {
            return Ok(());
        }
        let mut tx = Transaction::new(self);
        block.rewrite(&mut tx, &rows)?;
        release(&mut tx, org, &newly_settled(&block.rows, &rows))?;
        if tx.follow_up_or_stale(&Receipt::of_remains()).await? {
            return Ok(());
        }
        // The session stays due, and the next sweep reads it again.
        Err(StoreError::Busy(Cause::new("the rows of a session changed while they were settled")))
    }
}
