//! Former values of a credential.
//!
//! A rule is removed with what it was made with. So the value that an update or a deletion takes away stays, sealed as it was,
//! until no rule needs it any more. It is shown to nobody, stands in no list, and serves the removal of rules alone.

use model::credential::{CredentialType, FORMER_VALUES_MAX};
use model::id::{CredentialId, OrgId};
use model::refusal::Refusal;
use model::rule::Rule;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::CredentialRecord;
use crate::table::Store;
use crate::table::error::{StoreError, corrupt};
use crate::table::expression::Expression;
use crate::table::item::{Entity, Item, NewItem, bytes};
use crate::table::keys::{self, Key, SECRET};
use crate::table::transaction::{Failed, Transaction};
use crate::vault::Sealed;

/// Seconds after a replacement in which a new entry of the ledger may still stand for a rule that is made with the former
/// value: a worker had opened it before. It is an hour, so that clocks which differ by minutes change nothing.
const NEEDED_BY_RULES_OF_SECONDS: i64 = 3600;

/// A value that a credential had.
#[derive(Debug, Clone)]
pub struct FormerValue {
    /// What it was for.
    pub credential_type: CredentialType,
    /// The value. It opens under the id of its credential, also when that is deleted.
    pub sealed: Sealed,
    /// When it was replaced or deleted.
    pub replaced_at: Timestamp,
    key: Key,
}

/// The members of a former value's item. The sealed value stands beside them.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FormerData {
    credential_type: CredentialType,
    #[serde(with = "model::time::millis")]
    replaced_at: Timestamp,
}

impl FormerValue {
    fn read(item: &Item) -> Result<Self, StoreError> {
        let data: FormerData = item.members()?;
        let sealed = item.binary(SECRET).ok_or_else(|| corrupt("a former value has no value"))?;
        Ok(Self {
            credential_type: data.credential_type,
            sealed: Sealed::from_bytes(sealed.to_vec()),
            replaced_at: data.replaced_at,
            key: Key { pk: item.pk()?.into(), sk: item.sk()?.into() },
        })
    }

    /// Whether a rule may have been made with it.
    ///
    /// A rule is made with what the credential holds at that time, and its entry is older than the rule. A comparison by time
    /// lets a former value go although a busy credential always has rules.
    pub(super) fn may_have_made(&self, rule: &Rule) -> bool {
        rule.created_at <= self.replaced_at.plus_seconds(NEEDED_BY_RULES_OF_SECONDS)
    }
}

/// The former values among the items of a credential's partition, the newest first.
pub(super) fn former_values(items: &[&Item]) -> Result<Vec<FormerValue>, StoreError> {
    let newest_first = items.iter().rev();
    newest_first
        .filter(|item| item.entity == Entity::FormerValue)
        .map(|item| FormerValue::read(item))
        .collect()
}

/// What a change of the credential would have to keep. A plain secret is shown to no provider, so that no rule was made with
/// it.
fn value_to_keep(record: &CredentialRecord) -> Option<(CredentialType, &Sealed)> {
    record.credential.credential_type.zip(record.sealed.as_ref())
}

/// Whether one more former value has room.
///
/// # Errors
/// `TooManyFormerValues`.
pub(super) fn require_room(record: &CredentialRecord) -> Result<(), Refusal> {
    let is_full = record.former.len() >= FORMER_VALUES_MAX;
    if is_full && value_to_keep(record).is_some() { Err(Refusal::TooManyFormerValues) } else { Ok(()) }
}

/// Keeps the present value of a credential in the transaction that takes it away, and says whether there is one to keep.
pub(super) fn keep_value(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    record: &CredentialRecord,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some((credential_type, sealed)) = value_to_keep(record) else { return Ok(false) };
    let key = keys::former_value(org, record.credential.id, record.version);
    let members = FormerData { credential_type, replaced_at: now };
    let item = NewItem::new(&key, Entity::FormerValue, &members)?.with(SECRET, bytes(sealed.to_bytes()));
    tx.create(item, |_| Failed::Stale);
    Ok(true)
}

impl Store {
    /// The former values of a credential, the newest first, whether the credential still exists or not.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn former_values(&self, org: &OrgId, id: CredentialId) -> Result<Vec<FormerValue>, StoreError> {
        let items = self.query_partition(&keys::credential_partition(org, id)).await?;
        former_values(&items.iter().collect::<Vec<_>>())
    }

    /// Deletes a former value.
    pub(super) async fn delete_former_value(&self, value: &FormerValue) -> Result<(), StoreError> {
        self.delete_if(&value.key, &Expression::exists()).await.map(drop)
    }
}
