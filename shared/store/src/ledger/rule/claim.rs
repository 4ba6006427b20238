//! Joining and leaving a rule, in the transaction of the session that does.

use model::id::{CredentialId, OrgId, ResourceId, RuleId};
use model::ingress::{GroupRef, Ingress};
use model::refusal::Refusal;
use model::rule::Holder;
use model::time::Timestamp;

use super::{FoundData, RuleData};
use crate::ledger::due::{SET_DUE, due_values};
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, Item, SHAPE, data, number, set, text};
use crate::table::keys::{self, HOLDERS, LEAVING, Round};
use crate::table::transaction::{Failed, Transaction};

/// Seconds after which the sweeper looks after a rule that the stream's worker should have looked after.
const GRACE_SECONDS: i64 = 45;

/// Rows that hold a rule, from which on no more join it.
const HOLDERS_MAX: usize = 2_000;

/// Rows that leave a rule, from which on no more join it. Who leaves is moved from one set to another, so that an item which they
/// could join can be left by all of them.
const LEAVING_MAX: usize = 4_000;

/// Whether more rows can join a rule.
pub(crate) fn has_room(rule: &Item) -> bool {
    rule.set(HOLDERS).len() < HOLDERS_MAX && rule.set(LEAVING).len() < LEAVING_MAX
}

/// Rows that join a rule.
pub(crate) struct Join<'a> {
    pub(crate) org: &'a OrgId,
    pub(crate) group: &'a GroupRef,
    pub(crate) ingress: Ingress,
    pub(crate) credential: CredentialId,
    pub(crate) resource: ResourceId,
    pub(crate) holders: &'a [Holder],
    pub(crate) now: Timestamp,
}

/// Joins a rule, which is written down with this if it is not yet.
pub(crate) fn join(tx: &mut Transaction<'_>, join: &Join<'_>) -> Result<(), StoreError> {
    let Join { org, group, ingress, now, .. } = join;
    let key = keys::rule(org, group, ingress);
    let id = RuleId::generate(*now);
    let listing = keys::listed_rule(org, id);
    let members = RuleData { id, group: (*group).clone(), ingress: *ingress, created_at: *now };
    let set_if_new = |name: &str| format!("#{name} = if_not_exists(#{name}, :{name})");
    // What the rule was made with is what it can be removed with: who joins later does not change it.
    let first = [
        "entity",
        "shape",
        "data",
        "found",
        "revision",
        "listingPk",
        "listingSk",
        "credentialId",
        "resourceId",
    ]
    .map(set_if_new);
    let update = Expression::new(
        format!("SET {}, {SET_DUE} ADD #holders :rows, #fresh :rows, #generation :one", first.join(", ")),
        due_values(&key, Round::Sweep, now.plus_seconds(GRACE_SECONDS)),
    )
    .with(":entity", data(&Entity::Rule)?)
    .with(":shape", number(SHAPE))
    .with(":data", data(&members)?)
    .with(":found", data(&FoundData::absent())?)
    .with(":revision", number(0))
    .with(":listingPk", text(listing.pk))
    .with(":listingSk", text(listing.sk))
    .with(":credentialId", text(join.credential.to_string()))
    .with(":resourceId", text(join.resource.to_string()))
    .with(":rows", set(join.holders))
    .with(":one", number(1));
    let room = Expression::new(
        "attribute_not_exists(#pk) OR (#entity = :entity \
         AND (attribute_not_exists(#holders) OR size(#holders) < :most) \
         AND (attribute_not_exists(#leaving) OR size(#leaving) < :mostLeaving))",
        [(":most", number(HOLDERS_MAX)), (":mostLeaving", number(LEAVING_MAX))],
    );
    tx.update(&key, &update, &room, |rule| match rule {
        Some(rule) if !has_room(rule) => Failed::Refuse(Refusal::TooManyHolders),
        Some(_) | None => Failed::Stale,
    });
    Ok(())
}

/// Leaves a rule: it is not held by these rows any more, and they wait until it is gone.
pub(crate) fn leave(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    (group, ingress): (&GroupRef, &Ingress),
    holders: &[Holder],
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = keys::rule(org, group, ingress);
    let update = Expression::new(
        // What failed while it was wanted says nothing about its removal.
        format!(
            "SET {SET_DUE}, #found.#attempts = :zero, #found.#isRefused = :no \
             DELETE #holders :rows, #fresh :rows ADD #leaving :rows, #generation :one"
        ),
        due_values(&key, Round::Sweep, now.plus_seconds(GRACE_SECONDS)),
    )
    .with(":rows", set(holders))
    .with(":zero", number(0))
    .with(":no", data(&false)?)
    .with(":one", number(1));
    tx.update(&key, &update, &Expression::exists(), |_| Failed::Stale);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::id::SessionId;
    use model::session::BLOCK_WRITES_MAX;

    /// A rule's item holds its sets, its keys, its members and what was found, of which no text is long.
    #[test]
    fn a_rule_that_can_be_joined_can_be_left() {
        const ITEM_MAX_BYTES: usize = 400 * 1024;
        const REST_MAX_BYTES: usize = 16 * 1024;
        let now = Timestamp::from_unix_millis(0).unwrap();
        let longest = Holder { session: SessionId::generate(now), block: 9_999, row: 9_999 };
        let bytes = longest.to_string().len();
        // A block joins at once, with two rows of each resource.
        let holders = HOLDERS_MAX - 1 + 2 * BLOCK_WRITES_MAX;
        // Each of them is fresh as well, until it was told; who leaves is neither any more.
        let rows = 2 * holders + LEAVING_MAX - 1;
        assert!(rows * bytes + REST_MAX_BYTES <= ITEM_MAX_BYTES, "{rows} rows of {bytes} bytes");
    }
}
