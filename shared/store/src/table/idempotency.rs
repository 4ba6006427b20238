//! First results: what a request with an `Idempotency-Key` did is kept with what it changed, in the same transaction, and
//! is the answer to its repetitions.

use model::id::OrgId;
use model::idempotency::{IdempotencyKey, KEPT_HOURS};
use model::principal::Actor;
use model::refusal::Refusal;
use model::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::table::error::{Cause, StoreError, corrupt};
use crate::table::item::{Entity, NewItem, number};
use crate::table::{Store, keys};

/// A result that can be kept.
pub(crate) trait Recorded: Sized {
    /// Its form in the table.
    type Data: Serialize + DeserializeOwned;

    /// Into the table's form.
    fn to_data(&self) -> Self::Data;

    /// Out of the table's form.
    fn from_data(data: Self::Data) -> Result<Self, StoreError>;
}

/// Operations that have nothing to show.
impl Recorded for () {
    type Data = ();

    fn to_data(&self) {}

    fn from_data((): ()) -> Result<Self, StoreError> {
        Ok(())
    }
}

/// The members of a first result.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct IdempotencyData {
    fingerprint: String,
    /// JSON text, because it may be nested deeper than DynamoDB's 32 levels.
    result: String,
}

/// Seconds for which a result is kept.
const KEPT_SECONDS: i64 = KEPT_HOURS * 3600;

/// Largest result that is kept, in bytes: an item of the table holds 400 KB. Sessions, which may be larger, are kept by their id, and
/// nothing else comes near it.
const RESULT_MAX_BYTES: usize = 350 * 1024;

pub(crate) fn item(
    actor: &Actor,
    key: &IdempotencyKey,
    result: &impl Recorded,
    now: Timestamp,
) -> Result<NewItem, StoreError> {
    let result = serde_json::to_string(&result.to_data())
        .map_err(|error| StoreError::Defect(Cause::new(format!("a result cannot be written: {error}"))))?;
    if result.len() > RESULT_MAX_BYTES {
        return Err(StoreError::Defect(Cause::new("a result is larger than what can be kept")));
    }
    let members = IdempotencyData { fingerprint: key.fingerprint.clone(), result };
    let item = NewItem::new(&item_key(&actor.org, actor, key), Entity::Idempotency, &members)?;
    Ok(item.with(keys::EXPIRES_AT, number(now.plus_seconds(KEPT_SECONDS).unix_seconds())))
}

fn item_key(org: &OrgId, actor: &Actor, key: &IdempotencyKey) -> keys::Key {
    keys::idempotency(org, &actor.id, &key.key)
}

impl Store {
    /// Carries a request out unless it has been: then its first result. A request without an `Idempotency-Key` is carried
    /// out, and costs no read for it.
    pub(crate) async fn idempotent<T: Recorded>(
        &self,
        actor: &Actor,
        now: Timestamp,
        carry_out: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let Some(key) = &actor.idempotency else {
            return carry_out.await;
        };
        if let Some(first) = self.first_result(actor, key, now).await? {
            return Ok(first);
        }
        match carry_out.await {
            // The same request came twice at once, and the other one was first.
            Err(StoreError::Repeated) => {
                self.first_result(actor, key, now).await?.ok_or(StoreError::Repeated)
            }
            // Perhaps the other one has made this one impossible.
            Err(StoreError::Refused(refusal)) => {
                self.first_result(actor, key, now).await?.ok_or(StoreError::Refused(refusal))
            }
            result => result,
        }
    }

    async fn first_result<T: Recorded>(
        &self,
        actor: &Actor,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<T>, StoreError> {
        let item = self.get(&item_key(&actor.org, actor, key)).await?;
        let Some(item) = item else { return Ok(None) };
        if item.number(keys::EXPIRES_AT)? <= now.unix_seconds() {
            return Ok(None);
        }
        let data: IdempotencyData = item.members()?;
        if data.fingerprint != key.fingerprint {
            return Err(Refusal::IdempotencyKeyReused.into());
        }
        let result = serde_json::from_str(&data.result).map_err(corrupt)?;
        T::from_data(result).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Text(String);

    impl Recorded for Text {
        type Data = String;

        fn to_data(&self) -> String {
            self.0.clone()
        }

        fn from_data(data: String) -> Result<Self, StoreError> {
            Ok(Self(data))
        }
    }

    /// The item of a result of so many bytes.
    fn kept(bytes: usize) -> Result<NewItem, StoreError> {
        let key = IdempotencyKey { key: "key".into(), fingerprint: "fingerprint".into() };
        let actor = Actor::system(OrgId::parse("acme").unwrap());
        let now = Timestamp::from_unix_millis(1_771_410_600_000).unwrap();
        // Two bytes are the quotation marks.
        item(&actor, &key, &Text("x".repeat(bytes - 2)), now)
    }

    #[test]
    fn results_are_kept_for_a_day_and_up_to_350_kilobytes() {
        let item = kept(358_400).unwrap();
        assert_eq!(item.attributes()[keys::EXPIRES_AT], number(1_771_410_600 + 86_400));
        assert!(matches!(kept(358_401), Err(StoreError::Defect(_))));
    }
}
