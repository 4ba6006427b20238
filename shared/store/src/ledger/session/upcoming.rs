//! Sessions whose time is over soon: for timers that are more exact than the sweep.

use futures_util::future::try_join_all;
use model::id::{OrgId, SessionId};
use model::time::Timestamp;

use crate::table::Store;
use crate::table::error::{StoreError, from_sdk};
use crate::table::expression::{Expression, names, values};
use crate::table::item::text;
use crate::table::keys::{self, DUE_PK, DUE_SK, Round};

/// Most calls for one part of the index. The items of a call are keys, some thousands of them; what lies beyond is left to the
/// next run, or to the sweep itself.
const CALLS_A_PART: usize = 4;

/// A session whose time is over soon.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Upcoming {
    /// When.
    pub at: Timestamp,
    /// Whose.
    pub org: OrgId,
    /// Which.
    pub session: SessionId,
}

impl Store {
    /// The sessions that are due after one time and until another, the soonest first: at most `limit` of them, and from each part
    /// of the index at most its share. One that was started within the last second may be missing: indexes follow the table.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn sessions_due_within(
        &self,
        (after, until): (Timestamp, Timestamp),
        limit: usize,
    ) -> Result<Vec<Upcoming>, StoreError> {
        let share = limit.div_ceil(usize::from(keys::DUE_SHARDS));
        let parts = (0..keys::DUE_SHARDS).map(|shard| self.due_within(shard, (after, until), share));
        let mut found: Vec<Upcoming> = try_join_all(parts).await?.into_iter().flatten().collect();
        found.sort_unstable();
        found.truncate(limit);
        Ok(found)
    }

    async fn due_within(
        &self,
        shard: u8,
        (after, until): (Timestamp, Timestamp),
        share: usize,
    ) -> Result<Vec<Upcoming>, StoreError> {
        // Times have milliseconds: nothing lies between `after` and the next one.
        let from = Timestamp::from_unix_millis(after.unix_millis().saturating_add(1)).unwrap_or(after);
        let condition = Expression::new(
            format!("#{DUE_PK} = :pk AND #{DUE_SK} BETWEEN :from AND :until"),
            [
                (":pk", text(keys::due_partition(Round::Sweep, shard))),
                (":from", text(keys::due_time(from))),
                (":until", text(keys::due_time(until))),
            ],
        );
        let call = self.client.query().table_name(&self.table).index_name(keys::DUE);
        let call = call
            .key_condition_expression(condition.text.as_ref())
            .set_expression_attribute_names(Some(names(&[&condition.text])))
            .set_expression_attribute_values(values(&[&condition]));
        let (mut found, mut next) = (Vec::new(), None);
        for _ in 0..CALLS_A_PART {
            let output = call.clone().set_exclusive_start_key(next).send().await;
            let output = output.map_err(|error| from_sdk(&error))?;
            for item in output.items.unwrap_or_default() {
                let part = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
                let keys = part(keys::PK).zip(part(keys::SK)).zip(part(DUE_SK));
                found.extend(keys.and_then(|((pk, sk), at)| upcoming(pk, sk, at)));
            }
            next = output.last_evaluated_key;
            if next.is_none() || found.len() >= share {
                break;
            }
        }
        found.truncate(share);
        Ok(found)
    }
}

/// The session that an item of the index stands for; the index has other things as well.
fn upcoming(pk: &str, sk: &str, at: &str) -> Option<Upcoming> {
    let (org, session) = keys::session_of_partition(pk)?;
    let at = at.parse().ok().and_then(|millis| Timestamp::from_unix_millis(millis).ok())?;
    (sk == keys::session(&org, session).sk).then_some(Upcoming { at, org, session })
}
