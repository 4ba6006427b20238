//! The index of what is due. An item is in it from the time at which a worker must process it until that is done.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use model::id::{CredentialId, OrgId, ResourceId, SessionId, UserId};
use model::ingress::{GroupRef, Ingress};
use model::time::Timestamp;
use std::collections::BTreeSet;

use crate::table::Store;
use crate::table::error::{StoreError, from_sdk};
use crate::table::expression::{Expression, names, values};
use crate::table::item::{NewItem, text};
use crate::table::keys::{self, DUE_PK, DUE_SK, Key, Round};

/// Something that is due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// A session whose time is over, or whose end was interrupted.
    Session(OrgId, SessionId),
    /// Reserved rows, whose session may not exist.
    Rows(OrgId, SessionId),
    /// A rule whose next attempt is overdue.
    Rule(OrgId, GroupRef),
    /// A deactivated or deleted user, whose sessions must end.
    Ending(OrgId, UserId),
    /// A resource that is being drained.
    Resource(OrgId, ResourceId),
    /// A credential whose value changed.
    Credential(OrgId, CredentialId),
    /// A group to be compared with the ledger.
    Group(OrgId, GroupRef),
}

impl Due {
    /// The organization that it belongs to.
    #[must_use]
    pub fn org(&self) -> &OrgId {
        match self {
            Self::Session(org, _)
            | Self::Rows(org, _)
            | Self::Rule(org, _)
            | Self::Ending(org, _)
            | Self::Resource(org, _)
            | Self::Credential(org, _)
            | Self::Group(org, _) => org,
        }
    }
}

/// What is due.
#[derive(Debug, Default)]
pub struct DueList {
    /// The longest overdue first.
    pub due: Vec<Due>,
    /// Whether a shard of the index may have more. Items that stay due would then hide the others.
    pub is_cut_off: bool,
    /// Shards of the index that gave no answer.
    pub failed: usize,
}

/// The `SET` clauses that make an item due, and their values.
pub(crate) const SET_DUE: &str = "#duePk = :duePk, #dueSk = :dueSk";

/// The values of [`SET_DUE`].
pub(crate) fn due_values(key: &Key, round: Round, at: Timestamp) -> [(&'static str, AttributeValue); 2] {
    [(":duePk", text(keys::due_partition(round, keys::due_shard(key)))), (":dueSk", text(keys::due_time(at)))]
}

/// An item that is due from its creation on.
pub(crate) fn due_item(item: NewItem, key: &Key, round: Round, at: Timestamp) -> NewItem {
    let [(_, shard), (_, time)] = due_values(key, round, at);
    item.with(DUE_PK, shard).with(DUE_SK, time)
}

impl Store {
    /// What is due, longest overdue first: at most `limit` items, and an equal share of them from each shard of the index. The other
    /// shards' items are returned even if one gives no answer.
    ///
    /// # Errors
    /// Busy or defect, if no shard gives an answer.
    pub async fn due(&self, round: Round, now: Timestamp, limit: usize) -> Result<DueList, StoreError> {
        let share = i32::try_from(limit.div_ceil(usize::from(keys::DUE_SHARDS))).unwrap_or(i32::MAX);
        let shards = (0..keys::DUE_SHARDS).map(|shard| self.due_in(round, shard, now, share));
        let (mut found, mut errors, mut is_cut_off) = (BTreeSet::new(), Vec::new(), false);
        for part in join_all(shards).await {
            match part {
                Ok((due, has_more)) => {
                    found.extend(due);
                    is_cut_off |= has_more;
                }
                Err(error) => errors.push(error),
            }
        }
        let failed = errors.len();
        match errors.pop() {
            Some(error) if failed == usize::from(keys::DUE_SHARDS) => return Err(error),
            Some(error) => tracing::error!(?error, failed, "a part of what is due was not read"),
            None => {}
        }
        let mut seen = BTreeSet::new();
        let due = found.into_iter().map(|(_, due)| due).filter(|due| seen.insert(due.clone())).collect();
        Ok(DueList { due, is_cut_off, failed })
    }

    async fn due_in(
        &self,
        round: Round,
        shard: u8,
        now: Timestamp,
        limit: i32,
    ) -> Result<(Vec<(String, Due)>, bool), StoreError> {
        // One call reads one share. The next run reads the rest, oldest first.
        let condition = Expression::new(
            format!("#{DUE_PK} = :pk AND #{DUE_SK} <= :now"),
            [(":pk", text(keys::due_partition(round, shard))), (":now", text(keys::due_time(now)))],
        );
        let call = self.client.query().table_name(&self.table).index_name(keys::DUE).limit(limit);
        let call = call
            .key_condition_expression(condition.text.as_ref())
            .set_expression_attribute_names(Some(names(&[&condition.text])))
            .set_expression_attribute_values(values(&[&condition]));
        let output = call.send().await.map_err(|error| from_sdk(&error))?;
        let items = output.items.unwrap_or_default();
        // An unknown item stays due and is logged. The others are processed.
        let known = items.iter().filter_map(|item| {
            let part = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
            let found = part(keys::PK).zip(part(keys::SK)).zip(part(DUE_SK));
            let known = found.and_then(|((pk, sk), at)| Some((at.clone(), due(pk, sk)?)));
            if known.is_none() {
                tracing::error!(shard, "an item that is due cannot be read");
            }
            known
        });
        Ok((known.collect(), output.last_evaluated_key.is_some()))
    }
}

/// What a key of the index stands for.
fn due(pk: &str, sk: &str) -> Option<Due> {
    let kind = sk.split('#').find(|part| !part.is_empty())?;
    match kind {
        "SESSION" => keys::session_of_partition(pk).map(|(org, id)| Due::Session(org, id)),
        "ROWS" => keys::session_of_partition(pk).map(|(org, id)| Due::Rows(org, id)),
        "RULE" => {
            Ingress::parse(sk.strip_prefix("RULE#")?)?;
            keys::group_of_partition(pk).map(|(org, group)| Due::Rule(org, group))
        }
        "GROUP" => keys::group_of_partition(pk).map(|(org, group)| Due::Group(org, group)),
        "ENDING" => keys::user_of_partition(pk).map(|(org, user)| Due::Ending(org, user)),
        "RESOURCE" => keys::resource_of_partition(pk).map(|(org, id)| Due::Resource(org, id)),
        "CHANGE" => keys::credential_of_partition(pk).map(|(org, id)| Due::Credential(org, id)),
        _ => None,
    }
}
