//! The making and the revoking of API keys.

use model::api_key::ApiKey;
use model::audit::AuditEvent;
use model::id::{ApiKeyId, OrgId};
use model::principal::Actor;
use model::refusal::Refusal;
use model::time::Timestamp;

use super::{ApiKeyData, entry};
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, NewItem, bytes, data, number, text};
use crate::table::retry::{Attempt, retry_stale};
use crate::table::transaction::{Commit, Failed, Transaction};
use crate::table::{Store, keys};

impl Store {
    /// Creates an API key, provided that its maker is active and was not deleted meanwhile. One call. A repetition of the request
    /// gets the first key, and not its text, which nobody has any more: the caller tells by the id.
    ///
    /// # Errors
    /// `UserInactive`; busy or defect.
    pub async fn create_api_key(
        &self,
        actor: &Actor,
        key: ApiKey,
        hash: &[u8],
        now: Timestamp,
    ) -> Result<ApiKey, StoreError> {
        self.idempotent(actor, now, async {
            let org = &actor.org;
            let item = NewItem::new(&keys::api_key(org, key.id), Entity::ApiKey, &ApiKeyData::from(&key))?
                .listed(keys::listed(keys::api_keys(org), key.id))
                .with(keys::HASH, bytes(hash.to_vec()));
            let mut tx = Transaction::idempotent(self, actor, &key, now)?;
            tx.create(item, |_| Failed::Stale);
            require_maker(&mut tx, org, &key)?;
            tx.commit(actor, &entry(AuditEvent::ApiKeyCreate, &key), now).await?.certain()?;
            Ok(key.clone())
        })
        .await
    }

    /// Revokes an API key. It stays listed. Revoking it again changes nothing.
    ///
    /// # Errors
    /// `ApiKeyNotFound`; busy or defect.
    pub async fn revoke_api_key(
        &self,
        actor: &Actor,
        id: ApiKeyId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        retry_stale("the key was revoked meanwhile", || async {
            let record = self.api_key(&actor.org, id).await?.ok_or(Refusal::ApiKeyNotFound(id))?;
            if record.key.revoked_at.is_some() {
                return Ok(Attempt::Done(()));
            }
            let mut tx = Transaction::new(self);
            tx.update(
                &keys::api_key(&actor.org, id),
                &Expression::new("SET #data.#revokedAt = :now", [(":now", number(now.unix_millis()))]),
                &Expression::new("attribute_type(#data.#revokedAt, :null)", [(":null", text("NULL"))]),
                |_| Failed::Stale,
            );
            if let Commit::Done(_) =
                tx.commit(actor, &entry(AuditEvent::ApiKeyRevoke, &record.key), now).await?
            {
                return Ok(Attempt::Done(()));
            }
            Ok(Attempt::STALE)
        })
        .await
    }
}

/// A key that is made while its maker is deleted would not be found by what revokes their keys.
fn require_maker(tx: &mut Transaction<'_>, org: &OrgId, key: &ApiKey) -> Result<(), StoreError> {
    let Some(entry) = key.maker_entry else { return Ok(()) };
    let here = Expression::new(
        format!("#data.#isActive = :yes AND #{} = :entry", keys::LISTING_SK),
        [(":yes", data(&true)?), (":entry", text(entry.to_string()))],
    );
    let maker = keys::user(org, &key.created_by.id);
    tx.require(&maker, &here, move |found| {
        // Under another entry they are somebody else.
        let is_same = found.is_some_and(|user| user.listing_sk().is_ok_and(|sk| *sk == *entry.to_string()));
        Failed::Refuse(if is_same { Refusal::UserInactive } else { Refusal::UserDeleted })
    });
    Ok(())
}
