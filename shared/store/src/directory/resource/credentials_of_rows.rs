//! With which credentials a rule can be asked for beside its own: those of the resources for which rows hold or leave it.

use model::id::{CredentialId, OrgId, ResourceId};
use model::rule::{Holder, Rule};
use std::collections::{BTreeMap, BTreeSet};

use crate::directory::resource::resource;
use crate::ledger::session::Block;
use crate::table::error::StoreError;
use crate::table::{Store, keys};

/// Rows whose resources are looked up for one attempt. A rule that has more takes them from all over the list, others at each attempt.
const ROWS_AT_ONCE: usize = 200;

impl Store {
    /// The credentials of the resources for which rows hold or leave a rule, each with one of these resources. What cannot be read
    /// is left out: it keeps no other credential from being tried.
    ///
    /// # Errors
    /// Busy.
    pub async fn credentials_of_rows(
        &self,
        org: &OrgId,
        rule: &Rule,
    ) -> Result<BTreeMap<CredentialId, ResourceId>, StoreError> {
        let rows = some_of(rule.holders.iter().chain(&rule.leaving).copied().collect(), rule.attempts);
        let blocks: BTreeSet<_> = rows.iter().map(|row| (row.session, row.block)).collect();
        let blocks: Vec<_> =
            blocks.into_iter().map(|(session, block)| Block::key(org, session, block)).collect();
        let mut resources: BTreeSet<ResourceId> = BTreeSet::new();
        for found in self.get_each(&blocks).await? {
            match found.and_then(|item| item.read_as(Block::read)) {
                Ok(block) => resources.extend(resources_of(&block, &rows)),
                Err(error) => {
                    tracing::error!(
                        ?error,
                        "a block of rows cannot be read, and its credentials are not tried"
                    );
                }
            }
        }
        let keys: Vec<_> = resources.iter().map(|id| keys::resource(org, *id)).collect();
        let mut credentials = BTreeMap::new();
        for found in self.get_each(&keys).await? {
            match found.and_then(|item| item.read_as(resource)) {
                Ok(resource) => drop(credentials.insert(resource.credential_id, resource.id)),
                Err(error) => {
                    tracing::error!(?error, "a resource cannot be read, and its credential is not tried");
                }
            }
        }
        Ok(credentials)
    }
}

fn resources_of(block: &Block, rows: &[Holder]) -> BTreeSet<ResourceId> {
    let of_block = rows.iter().filter(|row| row.session == block.session && row.block == block.number);
    of_block.filter_map(|row| block.rows.get(usize::from(row.row))).map(|row| row.resource_id).collect()
}

/// Rows that are looked at by the next attempt, after so many.
fn some_of(all: Vec<Holder>, attempts: u32) -> Vec<Holder> {
    let step = all.len().div_ceil(ROWS_AT_ONCE).max(1);
    let first = usize::try_from(attempts).unwrap_or(0) % step;
    all.into_iter().skip(first).step_by(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::id::SessionId;

    #[test]
    fn a_rule_of_many_rows_has_all_of_them_asked_in_turn() {
        let holder = |row| Holder { session: SessionId::nil(), block: 0, row };
        let holders: BTreeSet<_> = (0..1_000).map(holder).collect();
        let mut seen = BTreeSet::new();
        for attempts in 0..5 {
            let some = some_of(holders.iter().copied().collect(), attempts);
            assert_eq!(some.len(), ROWS_AT_ONCE);
            seen.extend(some);
        }
        assert_eq!(seen, holders);
        assert_eq!(some_of((0..3).map(holder).collect(), 7).len(), 3);
    }
}
