//! Reading the audit log, and the record of attempts that changed nothing.

use super::row::AuditRow;
use model::audit::{AuditEntry, AuditFilter};
use model::id::{OrgId, spellings};
use model::principal::Actor;
use model::time::Timestamp;

use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Item, SHAPE, Unreadable, data, keys_of, number, text};
use crate::table::list::{UnreadableObject, position};
use crate::table::transaction::Transaction;
use crate::table::{Store, cursor, keys};

/// The rows within the filter's times that are older than a position; `None` if there can be no such row. The position is a bound of the
/// condition, because DynamoDB's start key must lie within the times.
fn between(list: &str, filter: &AuditFilter, position: Option<&str>) -> Option<Expression> {
    let (from, to) = keys::audit_between(filter.from, filter.to);
    let to = position.map_or(to.clone(), |position| keys::before(position).min(to));
    let values = [(":pk", text(list)), (":from", text(&from)), (":to", text(&to))];
    (from <= to).then(|| Expression::new("#pk = :pk AND #sk BETWEEN :from AND :to", values))
}

fn filter_expression(filter: &AuditFilter) -> Option<Expression> {
    let (mut conditions, mut values) = (Vec::new(), Vec::new());
    if let Some(event) = filter.event.and_then(|event| data(&event).ok()) {
        conditions.push(String::from("#data.#eventType = :event"));
        values.push((String::from(":event"), event));
    }
    for (member, wanted) in [("actorId", &filter.actor_id), ("resourceId", &filter.resource_id)] {
        let Some(wanted) = wanted else { continue };
        let names = spellings(wanted).into_iter().enumerate();
        let spelled: Vec<_> = names.map(|(place, id)| (format!(":{member}{place}"), text(id))).collect();
        let names: Vec<_> = spelled.iter().map(|(name, _)| name.as_str()).collect();
        conditions.push(format!("#data.#{member} IN ({})", names.join(", ")));
        values.extend(spelled);
    }
    if conditions.is_empty() {
        return None;
    }
    // An unreadable row may be one that the filter asks for.
    let unreadable = "#shape <> :shape OR attribute_not_exists(#data.#eventType)";
    let condition = format!("({}) OR {unreadable}", conditions.join(" AND "));
    let expression = Expression::new(condition, [(":shape", number(SHAPE))]);
    Some(values.into_iter().fold(expression, |all, (name, value)| all.with(name, value)))
}

/// A page of the log, newest first.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// The rows.
    pub rows: Vec<AuditRow>,
    /// The cursor of the next page, unless this is the last.
    pub next: Option<String>,
    /// Unreadable rows. They pass every filter, because their values are unknown.
    pub unreadable: Vec<UnreadableObject>,
}

/// The id and the time in a row's sort key.
fn known_of_row(sk: &str) -> UnreadableObject {
    let millis = sk.split('#').next().and_then(|millis| millis.parse().ok());
    let created_at = millis.and_then(|millis| Timestamp::from_unix_millis(millis).ok());
    UnreadableObject { id: keys::id_of_audit(sk).into(), created_at }
}

/// Rows that one call reads when there is a filter.
const ROWS_A_CALL: i32 = 1000;
/// Calls that one page may cost. With a filter, a page can be short and still have a cursor.
const CALLS_A_PAGE: usize = 10;

impl Store {
    /// Records an attempt that was refused because of the state or of the caller's rights.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn record_denial(
        &self,
        actor: &Actor,
        entry: &AuditEntry,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        Transaction::new(self).commit(actor, entry, now).await?.certain().map(drop)
    }

    /// The rows that pass a filter, newest first, from a cursor on.
    ///
    /// # Errors
    /// `Invalid` for a cursor that was not made here for this organization's log; busy or defect.
    pub async fn audit_rows_newest_first(
        &self,
        org: &OrgId,
        filter: &AuditFilter,
        cursor: Option<&str>,
    ) -> Result<AuditPage, StoreError> {
        let list = keys::audit_partition(org);
        let mut position = cursor.map(|cursor| position(&list, cursor)).transpose()?;
        let left_out = filter_expression(filter);
        // One more than wanted shows whether there is a next page.
        let count =
            if left_out.is_some() { ROWS_A_CALL } else { i32::try_from(filter.limit).unwrap_or(1) + 1 };
        let (mut rows, mut unreadable): (Vec<AuditRow>, Vec<UnreadableObject>) = (Vec::new(), Vec::new());
        for _ in 0..CALLS_A_PAGE {
            let Some(condition) = between(&list, filter, position.as_deref()) else {
                return Ok(AuditPage { rows, next: None, unreadable });
            };
            let (items, next) = self.query_newest_first(&condition, left_out.as_ref(), count).await?;
            let room = filter.limit - rows.len() - unreadable.len();
            let page = items.get(..room).unwrap_or(&items);
            for one in page {
                match one.as_ref().map_err(Unreadable::clone).and_then(|item| item.read_as(Item::members)) {
                    Ok(row) => rows.push(row),
                    Err(_) => unreadable.push(known_of_row(keys_of(one).1)),
                }
            }
            let is_full = items.len() > room;
            position = if is_full { page.last().map(|last| keys_of(last).1.into()) } else { next };
            if position.is_none() || rows.len() + unreadable.len() == filter.limit {
                break;
            }
        }
        let next = position.map(|position| cursor::encode(&list, &position));
        Ok(AuditPage { rows, next, unreadable })
    }
}
