//! Holds: the counts of live rows that block the deletion of a resource, and the number of closings.
//!
//! A start counts its rows up ([`shards::count_rows`]). A row that holds nothing any more is counted down ([`release`]), in the transaction
//! that settles it.

pub(crate) mod closings;
pub(crate) mod shards;

use model::id::{OrgId, ResourceId};
use model::session::SessionRow;
use std::collections::BTreeMap;

use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::number;
use crate::table::keys::LIVE;
use crate::table::transaction::{Failed, Transaction};
use shards::count_of;

/// Rows by their resource, with the place where they count: a shard of the resource, or its own item.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts(BTreeMap<ResourceId, (Option<u16>, i64)>);

impl Counts {
    /// Adds a row. The rows of a session count on one shard of a resource. Where an earlier version of the code rewrote some of them,
    /// these have lost their shard: then all are taken from the resource's own item, so that each resource costs one write. What
    /// counts is the sum.
    pub(crate) fn add(&mut self, row: &SessionRow) {
        let (shard, rows) = self.0.entry(row.resource_id).or_insert((row.shard, 0));
        if *shard != row.shard {
            *shard = None;
        }
        *rows += 1;
    }

    /// The resources with their shards and rows.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ResourceId, Option<u16>, i64)> {
        self.0.iter().map(|(id, (shard, rows))| (*id, *shard, *rows))
    }
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
