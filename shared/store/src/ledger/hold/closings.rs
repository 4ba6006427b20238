//! The number of closings: how often something in the organization came to open less. A resource is drained or switched off, it is
//! taken out of a role, a role is deleted, or a role's limit changes.
//!
//! A session that fits into one transaction requires there that each of its resources is open, and each of the roles that lead to
//! them as it was read. A larger one has no room for that. It requires instead that nothing was closed since it looked.

use model::id::OrgId;
use serde_json::Map;

use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, SHAPE, data, number};
use crate::table::keys::{VERSION, closings};
use crate::table::transaction::{Failed, Transaction};

/// Counts a closing, in the transaction that closes.
pub(crate) fn count_closing(tx: &mut Transaction<'_>, org: &OrgId) -> Result<(), StoreError> {
    let update = Expression::new(
        "SET #entity = if_not_exists(#entity, :entity), #shape = if_not_exists(#shape, :shape), \
         #data = if_not_exists(#data, :data) ADD #version :one",
        [(":one", number(1)), (":shape", number(SHAPE))],
    )
    .with(":entity", data(&Entity::Closings)?)
    .with(":data", data(&Map::new())?);
    // It is there from the first closing on.
    let always = Expression::new("attribute_exists(#pk) OR attribute_not_exists(#pk)", []);
    tx.update(&closings(org), &update, &always, |_| Failed::Stale);
    Ok(())
}

/// Requires that nothing was closed since so many closings; nothing stands for none.
pub(crate) fn require_closings(tx: &mut Transaction<'_>, org: &OrgId, seen: Option<i64>) {
    let unchanged = match seen {
        Some(count) => Expression::new(format!("#{VERSION} = :seen"), [(":seen", number(count))]),
        None => Expression::absent(),
    };
    tx.require(&closings(org), &unchanged, |_| Failed::Stale);
}

impl Store {
    /// How often the organization closed a resource; nothing where it never did.
    pub(crate) async fn closings(&self, org: &OrgId) -> Result<Option<i64>, StoreError> {
        self.get(&closings(org)).await?.map(|item| item.number(VERSION)).transpose()
    }
}
