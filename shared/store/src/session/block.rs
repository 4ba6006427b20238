//! Blocks: a session's rows stand together on its item, as many as its transaction has room for; further ones stand on items
//! of their own. A transaction has 100 writes, and a row costs it two that way: the resource's count and the rule.

use aws_sdk_dynamodb::types::AttributeValue;
use model::id::{OrgId, SessionId};
use model::rule::Holder;
use model::session::SessionRow;
use std::collections::{BTreeSet, HashMap};

use crate::error::{StoreError, corrupt};
use crate::expression::Expression;
use crate::item::{Entity, Item, data, number};
use crate::keys::{self, ARMED, Key, ROWS, VERSION};
use crate::transaction::{Failed, Transaction};

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
        Ok(Self { session, number, rows, is_armed, version, stored, key })
    }

    /// The place of a row.
    pub(crate) fn holder(&self, place: usize) -> Holder {
        Holder { session: self.session, block: self.number, row: u16::try_from(place).unwrap_or(u16::MAX) }
    }

    /// Writes some rows anew, provided that they are as they were read. Other rows may change at the same time.
    pub(crate) fn rewrite(
        &self,
        tx: &mut Transaction<'_>,
        after: &[SessionRow],
        places: &BTreeSet<u16>,
    ) -> Result<(), StoreError> {
        let mut update = Expression::new("", [(":one", number(1))]);
        let mut condition = Expression::new("", []);
        let (mut sets, mut same) = (vec![format!("#{VERSION} = #{VERSION} + :one")], Vec::new());
        for place in places.iter().map(|place| usize::from(*place)) {
            let (Some(row), Some(stored)) = (after.get(place), self.stored.get(place)) else {
                return Err(corrupt("a row's place is outside of its block"));
            };
            let name = name(place);
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
