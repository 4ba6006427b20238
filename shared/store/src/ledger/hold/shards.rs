//! Shards of what concurrent starts share: a resource's count of live rows, and the states of resources and roles that a start requires.
//!
//! DynamoDB cancels one of two concurrent transactions that share an item, even if one only has a condition on it. A start therefore
//! touches no own item of a resource or role. It uses one of [`SHARDS`] items instead: it requires there that the owner is unchanged, and
//! counts its rows there. The session's id decides which shard.
//!
//! The owner's own item is the truth. A shard has the lowest state of the owner that a start may have read. A change first writes the
//! owner's item, then raises each shard by an update, and then answers. So no start that read the earlier state succeeds after the
//! answer. A missing shard was never raised and counts no rows.
//!
//! A resource's number of rows is the sum of its own count and its shards' counts. The own count of a resource with shards begins with
//! [`RESERVE`], so that an earlier version of the code, which knows no shards, does not delete it.

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

/// Shards of one owner. With 200 starts a second of 15 ms each, three run at the same time.
pub(crate) const SHARDS: u16 = 16;

/// Added to the own count of a resource when it gets shards. It exceeds the number of rows that an earlier version could take from the
/// own count by mistake.
pub(crate) const RESERVE: i64 = 1_000_000;

/// The state in which an owner is created.
const FIRST_STATE: i64 = 1;

/// The state on the shards of a deleted owner. It is above every state.
const DELETED: i64 = 1_000_000_000_000_000;

/// Seconds for which the shards of a deleted owner stay. No function runs so long, so no start that read the owner is left then.
const KEPT_SECONDS: i64 = 3600;

/// Concurrent updates.
const AT_ONCE: usize = 8;

/// An owner of shards.
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

/// The shard of a session. It is the same number for all of its resources and roles, so that two sessions which share many of them
/// conflict at all or at none. It comes from the random part of the id.
pub(crate) fn shard_of(session: SessionId) -> u16 {
    let digits = session.to_string();
    let last = digits.get(digits.len().saturating_sub(4)..).unwrap_or_default();
    u16::from_str_radix(last, 16).unwrap_or_default() % SHARDS
}

/// The state of an owner. Each change that starts must notice raises it.
pub(crate) fn state(owner: &Item) -> Result<i64, StoreError> {
    let unlinked = if owner.has(UNLINKED) { owner.number(UNLINKED)? } else { 0 };
    Ok(owner.number(VERSION)? + unlinked + i64::from(owner.has(DRAINING)))
}

/// No change has shut out starts that read this state.
fn lets_in(state: i64) -> Expression {
    let text = format!("attribute_not_exists(#{VERSION}) OR #{VERSION} <= :state");
    Expression::new(text, [(":state", number(state))])
}

/// A shard is below a state.
fn is_behind(state: i64) -> Expression {
    let text = format!("attribute_not_exists(#{VERSION}) OR #{VERSION} < :reached");
    Expression::new(text, [(":reached", number(state))])
}

/// An update of a shard that creates a missing item.
fn upsert(text: &str) -> Result<Expression, StoreError> {
    let text = format!("SET #entity = :entity, #shape = :shape, #data = :data{text}");
    let update = Expression::new(text, [(":shape", number(SHAPE))]);
    Ok(update.with(":entity", data(&Entity::Shard)?).with(":data", data(&Map::new())?))
}

/// Counts rows on a shard of a resource, which must be unchanged.
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

/// Requires, on a shard of a role, that the role is unchanged.
pub(crate) fn require_role(tx: &mut Transaction<'_>, org: &OrgId, (role, shard): (RoleId, u16), state: i64) {
    tx.require(&Sharded::Role(role).shard(org, shard), &lets_in(state), |_| Failed::Stale);
}

/// The item that counts rows of a resource: one of its shards, or its own item.
pub(crate) fn count_of(org: &OrgId, resource: ResourceId, shard: Option<u16>) -> Key {
    shard.map_or_else(|| keys::resource(org, resource), |shard| Sharded::Resource(resource).shard(org, shard))
}

/// The live rows of a resource, by its own item and its existing shards.
pub(crate) fn live_rows(own: &Item, shards: &[Item]) -> Result<i64, StoreError> {
    let reserve = if own.has(keys::SHARDS) { RESERVE } else { 0 };
    let on_shards: Result<Vec<i64>, StoreError> = shards.iter().map(rows_on).collect();
    Ok(own.number(LIVE)? - reserve + on_shards?.iter().sum::<i64>())
}

/// A shard has no count until a start counts on it.
fn rows_on(shard: &Item) -> Result<i64, StoreError> {
    if shard.has(LIVE) { shard.number(LIVE) } else { Ok(0) }
}

/// Shuts all starts out of the shards of a resource that is being deleted, if their counts are unchanged.
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

/// Shuts all starts out of the first shard of a role that is being deleted. If the deletion is interrupted after its transaction, its
/// repetition finds this shard and closes the others.
pub(crate) fn bury_first_of_role(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    role: RoleId,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.update(&Sharded::Role(role).shard(org, 0), &burial(now)?, &is_behind(DELETED), |_| Failed::Stale);
    Ok(())
}

/// Marks a shard as that of a deleted owner. It stays for a while, so that no late start creates it anew.
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

    /// Marks a resource of an earlier version as one with shards. An update does this without conflicts: one of several concurrent starts
    /// succeeds, and the others find it done. A deletion that read the resource before fails.
    async fn mark(&self, org: &OrgId, resource: ResourceId) -> Result<bool, StoreError> {
        let mark = format!("SET #{} = :shards ADD #{LIVE} :reserve", keys::SHARDS);
        let mark = Expression::new(mark, [(":shards", number(SHARDS)), (":reserve", number(RESERVE))]);
        let text = format!("attribute_exists(#pk) AND attribute_not_exists(#{})", keys::SHARDS);
        let key = keys::resource(org, resource);
        let updated = self.update_or_see(&key, &mark, &Expression::new(text, []), keys::SHARDS).await?;
        Ok(matches!(updated, Updated::Done(_) | Updated::Not(Some(_))))
    }

    /// The existing shards of a resource.
    pub(crate) async fn shards_of_resource(
        &self,
        org: &OrgId,
        resource: ResourceId,
    ) -> Result<Vec<Item>, StoreError> {
        self.get_all(&Sharded::Resource(resource).shards(org)).await
    }

    /// Shuts out the starts that read an owner before it reached this state. None of them succeeds after this.
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

    /// The same for a change that does not know the state, and for the repetition of a change that may have been interrupted. It updates
    /// only the shards that are behind. The shards of a missing owner are marked as deleted.
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
            // A missing shard was never raised.
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

    /// Shuts all starts out of the shards of a deleted role, except for the first shard.
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

    /// Updates the shards that are below a state, each by itself: a transaction would conflict with every start.
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
