//! Idempotency records. The first result of a request with an `Idempotency-Key` is kept in the transaction of its change. Repetitions of
//! the request get this result.

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

    fn to_data(&self) -> Self::Data;

    fn from_data(data: Self::Data) -> Result<Self, StoreError>;
}

/// The result of operations that return nothing.
impl Recorded for () {
    type Data = ();

    fn to_data(&self) {}

    fn from_data((): ()) -> Result<Self, StoreError> {
        Ok(())
    }
}

/// The members of an idempotency record.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct IdempotencyData {
    fingerprint: String,
    /// JSON text, because it may be nested deeper than DynamoDB's 32 levels.
    result: String,
}

/// Seconds for which a result is kept.
const KEPT_SECONDS: i64 = KEPT_HOURS * 3600;

/// Largest result that is kept, in bytes. An item holds 400 KB. A session can be larger, so its id is kept instead.
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
    /// Carries out a request, or returns its first result if it was carried out before. Without an `Idempotency-Key` there is no
    /// additional read.
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
            // The same request came twice at once, and the other one was first: return its result.
            Err(StoreError::Repeated) => {
                self.first_result(actor, key, now).await?.ok_or(StoreError::Repeated)
            }
            // The other request may have succeeded and made this one impossible: return its result.
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
