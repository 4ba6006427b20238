//! The number of closings of an organization. A closing is a change after which something opens less: a resource is drained, switched off
//! or taken out of a role, a role is deleted, or its limit changes.
//!
//! The transaction of a small session requires that each of its resources is open and that each of its roles is unchanged. A large
//! session has no room for so many conditions. It requires that the number of closings is unchanged.

use model::id::OrgId;
use serde_json::Map;

use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, SHAPE, data, number};
use crate::table::keys::{VERSION, closings};
use crate::table::transaction::{Failed, Transaction};

/// Counts a closing, in the transaction that causes it.
pub(crate) fn count_closing(tx: &mut Transaction<'_>, org: &OrgId) -> Result<(), StoreError> {
    let update = Expression::new(
        "SET #entity = if_not_exists(#entity, :entity), #shape = if_not_exists(#shape, :shape), \
         #data = if_not_exists(#data, :data) ADD #version :one",
        [(":one", number(1)), (":shape", number(SHAPE))],
    )
    .with(":entity", data(&Entity::Closings)?)
    .with(":data", data(&Map::new())?);
    // The first closing creates the item.
    let always = Expression::new("attribute_exists(#pk) OR attribute_not_exists(#pk)", []);
    tx.update(&closings(org), &update, &always, |_| Failed::Stale);
    Ok(())
}

/// Requires that the number of closings is the one that was read; `None` if there was none.
pub(crate) fn require_closings(tx: &mut Transaction<'_>, org: &OrgId, seen: Option<i64>) {
    let unchanged = match seen {
        Some(count) => Expression::new(format!("#{VERSION} = :seen"), [(":seen", number(count))]),
        None => Expression::absent(),
    };
    tx.require(&closings(org), &unchanged, |_| Failed::Stale);
}

impl Store {
    /// The organization's number of closings; `None` if there was none.
    pub(crate) async fn closings(&self, org: &OrgId) -> Result<Option<i64>, StoreError> {
        self.get(&closings(org)).await?.map(|item| item.number(VERSION)).transpose()
    }
}
