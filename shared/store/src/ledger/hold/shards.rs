//! Shards of what many starts share at the same moment: a resource's count of live rows, and the states of resources and roles that a
//! start requires.
//!
//! DynamoDB cancels one of two transactions that have an item in common at the same time, a mere condition included. A start therefore
//! touches none of its resources' and roles' own items. It uses one of [`SHARDS`] items in place of each: it requires there that the
//! owner has not changed since it was read, and counts its rows there. Which one follows from the session's id.
//!
//! The owner's own item is the truth. A shard has the number of the state in which a start must have read the owner at
//! least. A change writes the owner's item first, then raises every shard by an update of its own, and is answered after that: no start
//! that has read the owner before is carried out after the answer. A shard that is missing was never raised and counts no row.
//!
//! The rows of a resource are the sum of its own count and those of its shards. The own count of a resource with shards begins with
//! [`RESERVE`], so that a deletion by an earlier version of the code, which knows no shards, finds it in use.

use futures_util::{StreamExt, stream};
use model::id::{OrgId, ResourceId, RoleId, SessionId};
use model::time::Timestamp;
use serde_json::Map;

use crate::table::Store;
use crate::table::bookkeeping::Updated;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, Item, SHAPE, data, number};
use crate::table::keys::{self, DRAINING, EXPIRES_AT, Key, LIVE, UNLINKED, VERSION};
use crate::table::transaction::{Failed, Transaction};

/// Shards of one owner. Two hundred starts a second of 15 ms each are three at a time.
pub(crate) const SHARDS: u16 = 16;

/// What is added to the own count of a resource for good when it gets shards. More than the rows that functions of an earlier version
/// can take from the own count although they count on a shard.
pub(crate) const RESERVE: i64 = 1_000_000;

/// The state in which an owner is created.
const FIRST_STATE: i64 = 1;

/// On a shard of an owner that is deleted: above every state.
const DELETED: i64 = 1_000_000_000_000_000;

/// Seconds for which the shards of a deleted owner stay. A start that has read the owner is long over then: its function ends.
const KEPT_SECONDS: i64 = 3600;

/// Updates that are under way at once.
const AT_ONCE: usize = 8;

/// What has shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharded {
    /// A resource, with its count of live rows.
    Resource(ResourceId),
    /// A role.
    Role(RoleId),
}

impl Sharded {
    fn own(self, org: &OrgId) -> Key {
        match self {
            Self::Resource(id) => keys::resource(org, id),
            Self::Role(id) => keys::role(org, id),
        }
    }

    fn shard(self, org: &OrgId, shard: u16) -> Key {
        match self {
            Self::Resource(id) => keys::shard_of_resource(org, id, shard),
            Self::Role(id) => keys::shard_of_role(org, id, shard),
        }
    }

    fn shards(self, org: &OrgId) -> Vec<Key> {
        (0..SHARDS).map(|shard| self.shard(org, shard)).collect()
    }
}

/// The shard of a session: the same on each of its resources and roles, so that two sessions which share many of them meet at all or
/// at none. Taken from what is random in the id.
pub(crate) fn shard_of(session: SessionId) -> u16 {
    let digits = session.to_string();
    let last = digits.get(digits.len().saturating_sub(4)..).unwrap_or_default();
    u16::from_str_radix(last, 16).unwrap_or_default() % SHARDS
}

/// The number of an owner's state: each change that starts must know of raises it.
pub(crate) fn state(owner: &Item) -> Result<i64, StoreError> {
    let unlinked = if owner.has(UNLINKED) { owner.number(UNLINKED)? } else { 0 };
    Ok(owner.number(VERSION)? + unlinked + i64::from(owner.has(DRAINING)))
}

/// That no change has shut out those who read the owner in this state.
fn lets_in(state: i64) -> Expression {
    let text = format!("attribute_not_exists(#{VERSION}) OR #{VERSION} <= :state");
    Expression::new(text, [(":state", number(state))])
}

/// That a shard has not reached a state.
fn is_behind(state: i64) -> Expression {
    let text = format!("attribute_not_exists(#{VERSION}) OR #{VERSION} < :reached");
    Expression::new(text, [(":reached", number(state))])
}

/// An update of a shard that makes the item where it is missing.
fn upsert(text: &str) -> Result<Expression, StoreError> {
    let text = format!("SET #entity = :entity, #shape = :shape, #data = :data{text}");
    let update = Expression::new(text, [(":shape", number(SHAPE))]);
    Ok(update.with(":entity", data(&Entity::Shard)?).with(":data", data(&Map::new())?))
}

/// Counts rows on a shard of a resource, which must be as it was read.
pub(crate) fn count_rows(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    (resource, shard): (ResourceId, u16),
    (state, rows): (i64, i64),
) -> Result<(), StoreError> {
    let count = upsert(&format!(" ADD #{LIVE} :rows"))?.with(":rows", number(rows));
    let key = Sharded::Resource(resource).shard(org, shard);
    tx.update(&key, &count, &lets_in(state), |_| Failed::Stale);
    Ok(())
}

/// Requires of a shard of a role that the role is as it was read.
pub(crate) fn require_role(tx: &mut Transaction<'_>, org: &OrgId, (role, shard): (RoleId, u16), state: i64) {
    tx.require(&Sharded::Role(role).shard(org, shard), &lets_in(state), |_| Failed::Stale);
}

/// Where rows of a resource count: on one of its shards, or on its own item.
pub(crate) fn count_of(org: &OrgId, resource: ResourceId, shard: Option<u16>) -> Key {
    shard.map_or_else(|| keys::resource(org, resource), |shard| Sharded::Resource(resource).shard(org, shard))
}

/// Live rows as they were counted: on the resource's own item, and on those of its shards that are there.
pub(crate) fn live_rows(own: &Item, shards: &[Item]) -> Result<i64, StoreError> {
    let reserve = if own.has(keys::SHARDS) { RESERVE } else { 0 };
    let on_shards: Result<Vec<i64>, StoreError> = shards.iter().map(rows_on).collect();
    Ok(own.number(LIVE)? - reserve + on_shards?.iter().sum::<i64>())
}

/// A shard that was raised before anybody counted on it has no count.
fn rows_on(shard: &Item) -> Result<i64, StoreError> {
    if shard.has(LIVE) { shard.number(LIVE) } else { Ok(0) }
}

/// Shuts everybody out of the shards of a resource that is deleted, provided that they count what they did when they were read.
pub(crate) fn delete_as_counted(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    (resource, seen): (ResourceId, &[Item]),
    now: Timestamp,
) -> Result<(), StoreError> {
    let buried = burial(now)?;
    for key in Sharded::Resource(resource).shards(org) {
        let found = seen.iter().find(|shard| shard.pk().is_ok_and(|pk| pk == key.pk));
        let rows = found.map_or(Ok(0), rows_on)?;
        let or_none = if rows == 0 { format!("attribute_not_exists(#{LIVE}) OR ") } else { String::new() };
        let same = Expression::new(format!("{or_none}#{LIVE} = :rows"), [(":rows", number(rows))]);
        tx.update(&key, &buried, &same, |_| Failed::Stale);
    }
    Ok(())
}

/// Shuts everybody out of the first shard of a role that is deleted. Where the deletion breaks off behind its transaction, its repetition
/// finds this one and closes the others.
pub(crate) fn bury_first_of_role(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    role: RoleId,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.update(&Sharded::Role(role).shard(org, 0), &burial(now)?, &is_behind(DELETED), |_| Failed::Stale);
    Ok(())
}

/// Makes of a shard that of a deleted owner. It stays for a while, so that nobody who has read the owner makes it anew.
fn burial(now: Timestamp) -> Result<Expression, StoreError> {
    let until = now.plus_seconds(KEPT_SECONDS).unix_seconds();
    let update = upsert(&format!(", #{VERSION} = :deleted, #{EXPIRES_AT} = :until"))?;
    Ok(update.with(":deleted", number(DELETED)).with(":until", number(until)))
}

impl Store {
    /// Gives shards to resources that have none yet. False when one of the resources is gone.
    pub(crate) async fn have_shards(
        &self,
        org: &OrgId,
        resources: impl IntoIterator<Item = ResourceId>,
    ) -> Result<bool, StoreError> {
        let mut marks = Vec::new();
        for resource in resources {
            marks.push(self.mark(org, resource));
        }
        let marked: Vec<Result<bool, StoreError>> = stream::iter(marks).buffered(AT_ONCE).collect().await;
        Ok(marked.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().all(|is| is))
    }

    /// Marks a resource from before shards. An update and no transaction: of many starts at once one succeeds, and the others find it
    /// done. A deletion that has read the resource without the mark does not happen any more.
    async fn mark(&self, org: &OrgId, resource: ResourceId) -> Result<bool, StoreError> {
        let mark = format!("SET #{} = :shards ADD #{LIVE} :reserve", keys::SHARDS);
        let mark = Expression::new(mark, [(":shards", number(SHARDS)), (":reserve", number(RESERVE))]);
        let text = format!("attribute_exists(#pk) AND attribute_not_exists(#{})", keys::SHARDS);
        let key = keys::resource(org, resource);
        let updated = self.update_or_see(&key, &mark, &Expression::new(text, []), keys::SHARDS).await?;
        Ok(matches!(updated, Updated::Done(_) | Updated::Not(Some(_))))
    }

    /// Those of a resource's shards that are there.
    pub(crate) async fn shards_of_resource(
        &self,
        org: &OrgId,
        resource: ResourceId,
    ) -> Result<Vec<Item>, StoreError> {
        self.get_all(&Sharded::Resource(resource).shards(org)).await
    }

    /// Shuts out the starts that have read an owner before its change to this state: after this none of them is carried out.
    ///
    /// # Errors
    /// Busy or defect.
    pub(crate) async fn shut_out_earlier_starts(
        &self,
        org: &OrgId,
        owner: Sharded,
        state: i64,
    ) -> Result<(), StoreError> {
        self.raise(owner.shards(org), state).await
    }

    /// The same where it may have been done already: for a change that was not told the state, and for the repetition of one that may
    /// have broken off. Of an owner that is gone it buries what is left.
    ///
    /// # Errors
    /// Busy or defect.
    pub(crate) async fn catch_up_shards(
        &self,
        org: &OrgId,
        owner: Sharded,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut keys = owner.shards(org);
        keys.push(owner.own(org));
        let found = self.get_all(&keys).await?;
        let (shards, own): (Vec<Item>, Vec<Item>) =
            found.into_iter().partition(|item| item.entity == Entity::Shard);
        let own_state = own.first().map(state).transpose()?;
        let has_reached = |key: &Key, state: i64| {
            let shard = shards.iter().find(|shard| shard.pk().is_ok_and(|pk| pk == key.pk));
            shard.is_some_and(|shard| shard.number(VERSION).is_ok_and(|raised| raised >= state))
        };
        keys.pop();
        match own_state {
            // A shard that is missing was never raised.
            Some(FIRST_STATE) => Ok(()),
            Some(state) => {
                keys.retain(|key| !has_reached(key, state));
                self.raise(keys, state).await
            }
            None if shards.is_empty() => Ok(()),
            None => {
                keys.retain(|key| !has_reached(key, DELETED));
                self.update_shards(keys, (&burial(now)?, DELETED)).await
            }
        }
    }

    /// Shuts everybody out of the shards of a role that is deleted, but the first.
    ///
    /// # Errors
    /// Busy or defect.
    pub(crate) async fn bury_other_shards_of_role(
        &self,
        org: &OrgId,
        role: RoleId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let others = (1..SHARDS).map(|shard| Sharded::Role(role).shard(org, shard)).collect();
        self.update_shards(others, (&burial(now)?, DELETED)).await
    }

    async fn raise(&self, shards: Vec<Key>, state: i64) -> Result<(), StoreError> {
        let update = upsert(&format!(", #{VERSION} = :state"))?.with(":state", number(state));
        self.update_shards(shards, (&update, state)).await
    }

    /// Updates shards that have not reached a state, each on its own: a transaction would wait for a moment without a start.
    async fn update_shards(
        &self,
        shards: Vec<Key>,
        (update, state): (&Expression, i64),
    ) -> Result<(), StoreError> {
        let is_behind = is_behind(state);
        let mut updates = Vec::new();
        for key in &shards {
            updates.push(self.update_if(key, update, &is_behind));
        }
        let updated: Vec<Result<bool, StoreError>> = stream::iter(updates).buffered(AT_ONCE).collect().await;
        updated.into_iter().collect::<Result<Vec<_>, _>>().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn sessions_of_one_moment_spread_over_the_shards() {
        let now = Timestamp::from_unix_millis(1_772_000_000_000).unwrap();
        let mut found: BTreeMap<u16, u32> = BTreeMap::new();
        for _ in 0..3200 {
            *found.entry(shard_of(SessionId::generate(now))).or_default() += 1;
        }
        assert!(found.keys().copied().eq(0..SHARDS), "{found:?}");
        assert!(found.values().all(|count| (100..=320).contains(count)), "{found:?}");
    }
}
