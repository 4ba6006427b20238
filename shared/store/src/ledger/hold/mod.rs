//! Holds: the counts of live rows that block the deletion of a resource, and the number of closings.
//!
//! A start counts its rows up ([`shards::count_rows`]). The transaction that settles a row counts it down ([`release`]).

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

/// Numbers of rows by resource, with the item that counts them: a shard, or the resource's own item.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts(BTreeMap<ResourceId, (Option<u16>, i64)>);

impl Counts {
    /// Adds a row. The rows of a session count on one shard of a resource. A row that an earlier version rewrote has lost its shard. Then
    /// all rows of the resource are taken from its own item, so that each resource costs one write. Only the sum matters.
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
