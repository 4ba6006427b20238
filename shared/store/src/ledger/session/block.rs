//! Blocks: a session's rows stand together on its item, as many as its transaction has room for; further ones stand on items
//! of their own. A transaction has 100 writes, and a row costs it two that way: the resource's count and the rule.
//!
//! An item holds 400 KB. A block takes no more rows than fit with the longest text at each of their claims
//! ([`ROWS_BYTES_MAX`]). Blocks of earlier versions may have more: what providers said is left out of them where there is no
//! room ([`Block::fitting`]).

use aws_sdk_dynamodb::types::AttributeValue;
use model::id::{OrgId, SessionId};
use model::rule::Holder;
use model::session::SessionRow;
use std::collections::HashMap;

use crate::ledger::hold::Counts;
use crate::table::error::{StoreError, corrupt};
use crate::table::expression::Expression;
use crate::table::item::{Entity, Item, data, number};
use crate::table::keys::{self, ARMED, Key, ROWS, VERSION};
use crate::table::size::{self, ITEM_BYTES_MAX};
use crate::table::transaction::{Failed, Transaction};

/// Most bytes of a block's rows, by [`bytes_at_longest`]. What stands beside them takes less than 20 KB: names, an email and a
/// reason, each of some hundred characters.
pub(crate) const ROWS_BYTES_MAX: usize = 360 * 1024;

/// A claim at its longest, with the place of a rule that has 64 characters at its provider.
const CLAIM_BYTES_MAX: usize = 448;

/// A row without its claims and the texts that it has from its resource: members' names, ids, an address, a sentence about the
/// resource's config.
const ROW_BYTES_MAX: usize = 384;

/// Room that is left in an item: the sizes are reckoned, and the engine may count a little more.
const SPARE_BYTES: usize = 8 * 1024;

/// Most rows that a write names one by one: DynamoDB takes 4 KB of an expression and 300 operators.
const NAMED_ROWS_MAX: usize = 60;

/// What a row takes when each of its claims is as long as it can be.
pub(crate) fn bytes_at_longest(row: &SessionRow) -> usize {
    let texts = row.resource_name.len() + row.group.region.len() + row.group.group_id.len();
    ROW_BYTES_MAX + texts + row.claims.len() * CLAIM_BYTES_MAX
}

/// Some rows of a session, as they were read.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) session: SessionId,
    pub(crate) number: u16,
    pub(crate) rows: Vec<SessionRow>,
    /// Whether the claims stand in the ledger. Those of the first block always do.
    pub(crate) is_armed: bool,
    pub(crate) version: i64,
    /// The rows as they stand in the table: a condition compares with what is there, not with what this version of the code
    /// would write.
    stored: Vec<AttributeValue>,
    /// Bytes of the item without the rows.
    beside: usize,
    key: Key,
}

/// The name of a row in its block.
fn name(place: usize) -> String {
    format!("r{place}")
}

/// Rows as an attribute.
pub(crate) fn rows_attribute(rows: &[SessionRow]) -> Result<AttributeValue, StoreError> {
    let named = rows.iter().enumerate().map(|(place, row)| Ok((name(place), data(row)?)));
    Ok(AttributeValue::M(named.collect::<Result<HashMap<_, _>, StoreError>>()?))
}

/// How many rows of a block count on each resource.
pub(crate) fn live_rows(block: &Block) -> Counts {
    let mut counts = Counts::default();
    block.rows.iter().filter(|row| !row.is_settled()).for_each(|row| counts.add(row));
    counts
}

/// Of each resource, how many rows have come to hold nothing. The rows stand at the same places.
pub(crate) fn newly_settled(before: &[SessionRow], after: &[SessionRow]) -> Counts {
    let mut settled = Counts::default();
    for (before, after) in before.iter().zip(after) {
        if !before.is_settled() && after.is_settled() {
            settled.add(after);
        }
    }
    settled
}

impl Block {
    /// Where a block is.
    pub(crate) fn key(org: &OrgId, session: SessionId, number: u16) -> Key {
        if number == 0 { keys::session(org, session) } else { keys::session_rows(org, session, number) }
    }

    pub(crate) fn read(item: &Item) -> Result<Self, StoreError> {
        let (pk, sk) = (item.pk()?, item.sk()?);
        let (_, session) =
            keys::session_of_partition(pk).ok_or_else(|| corrupt("a block's key is no session's"))?;
        let number = if item.entity == Entity::Session {
            Some(0)
        } else {
            sk.strip_prefix("ROWS#").and_then(|digits| digits.parse().ok())
        };
        let number = number.ok_or_else(|| corrupt("a block's key has no number"))?;
        let named = item.map(ROWS)?;
        let stored: Option<Vec<_>> = (0..named.len()).map(|place| named.get(&name(place)).cloned()).collect();
        let stored = stored.ok_or_else(|| corrupt("its rows have gaps"))?;
        let rows = stored.iter().map(|row| serde_dynamo::from_attribute_value(row.clone()));
        let rows = rows.collect::<Result<_, _>>().map_err(corrupt)?;
        let is_armed = number == 0 || item.attribute(ARMED)?;
        let (version, key) = (item.number(VERSION)?, Key { pk: pk.into(), sk: sk.into() });
        let beside = item.bytes_beside(ROWS);
        Ok(Self { session, number, rows, is_armed, version, stored, beside, key })
    }

    /// The rows as they are to be written, without what providers said where the item has no room for it: rather a row that does
    /// not say why than one that is never told. First the texts go that nobody is shown, last the
    /// provider's ids.
    pub(crate) fn fitting(
        &self,
        rows: &[SessionRow],
    ) -> Result<(Vec<SessionRow>, AttributeValue), StoreError> {
        let mut rows = rows.to_vec();
        let mut attribute = rows_attribute(&rows)?;
        let ways =
            [SessionRow::keep_one_error, SessionRow::forget_errors, SessionRow::forget_provider_rule_ids];
        for shorten in ways {
            if self.beside + size::of(&attribute) + SPARE_BYTES <= ITEM_BYTES_MAX {
                break;
            }
            rows.iter_mut().for_each(shorten);
            attribute = rows_attribute(&rows)?;
        }
        Ok((rows, attribute))
    }

    /// The place of a row.
    pub(crate) fn holder(&self, place: usize) -> Holder {
        Holder { session: self.session, block: self.number, row: u16::try_from(place).unwrap_or(u16::MAX) }
    }

    /// Writes rows anew where they are others than were read, provided that those are as they were read. Other rows may change at
    /// the same time, unless many are written.
    pub(crate) fn rewrite(&self, tx: &mut Transaction<'_>, after: &[SessionRow]) -> Result<(), StoreError> {
        let (after, attribute) = self.fitting(after)?;
        if after.len() != self.stored.len() {
            return Err(corrupt("a block gets another number of rows"));
        }
        let places: Vec<usize> =
            (0..after.len()).filter(|place| after.get(*place) != self.rows.get(*place)).collect();
        if places.len() > NAMED_ROWS_MAX {
            let rows = Expression::new(format!(", #{ROWS} = :rows"), [(":rows", attribute)]);
            tx.change_beside(&self.key, self.version, &rows, |_| Failed::Stale);
            return Ok(());
        }
        self.rewrite_named(tx, &after, &places)
    }

    fn rewrite_named(
        &self,
        tx: &mut Transaction<'_>,
        after: &[SessionRow],
        places: &[usize],
    ) -> Result<(), StoreError> {
        let mut update = Expression::new("", [(":one", number(1))]);
        let mut condition = Expression::new("", []);
        let (mut sets, mut same) = (vec![format!("#{VERSION} = #{VERSION} + :one")], Vec::new());
        for place in places {
            let (Some(row), Some(stored)) = (after.get(*place), self.stored.get(*place)) else {
                return Err(corrupt("a row's place is outside of its block"));
            };
            let name = name(*place);
            sets.push(format!("#{ROWS}.#{name} = :new{place}"));
            same.push(format!("#{ROWS}.#{name} = :old{place}"));
            update = update.with(format!(":new{place}"), data(row)?);
            condition = condition.with(format!(":old{place}"), stored.clone());
        }
        update.text = format!("SET {}", sets.join(", ")).into();
        condition.text = same.join(" AND ").into();
        tx.update(&self.key, &update, &condition, |_| Failed::Stale);
        Ok(())
    }
}
