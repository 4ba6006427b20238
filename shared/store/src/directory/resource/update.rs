//! The partial update of a resource (seed `PATCH /resources/{id}`).

use model::audit::{AuditEvent, changes};
use model::id::{CredentialId, OrgId, ResourceId};
use model::precondition::Precondition;
use model::principal::Actor;
use model::refusal::Refusal;
use model::resource::{Applied, NewCredential, Resource, ResourcePatch};
use model::sent::Sent;
use model::time::Timestamp;

use super::{ResourceData, add_reference, drop_reference, entry, versioned};
use crate::directory::credential::credential;
use crate::ledger::hold::closings::count_closing;
use crate::ledger::hold::shards::{self, Sharded};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Item, data};
use crate::table::keys;
use crate::table::retry::{Attempt, retry_stale_from};
use crate::table::tag::{Versioned, require};
use crate::table::transaction::{Commit, Failed, Transaction};

impl Store {
    /// Applies a patch to a resource. A patch without changes writes nothing, unless an earlier one was interrupted.
    ///
    /// Running sessions keep their rules, because each row has its own copy of what it opens.
    ///
    /// # Errors
    /// `Invalid` for wrong members that differ from the present ones; `ResourceNotFound`; then `CredentialNotFound`; then
    /// `PreconditionFailed`; then `Invalid` for members that do not fit the stored resource; busy or defect.
    pub async fn update_resource(
        &self,
        actor: &Actor,
        id: ResourceId,
        sent: &Sent<ResourcePatch>,
        expected: &Precondition,
        now: Timestamp,
    ) -> Result<Versioned<Resource>, StoreError> {
        let wanted = sent.of_nothing().ok().and_then(|patch| patch.credential_id);
        retry_stale_from("the resource or its credential changed", wanted, |wanted| async move {
            let (item, new_credential) = self.resource_and_new_credential(&actor.org, id, wanted).await?;
            let Some(item) = item else {
                sent.of_nothing().map_err(Refusal::Invalid)?;
                return Err(Refusal::ResourceNotFound(id).into());
            };
            let before = versioned(&item)?;
            let patch = sent.of(&before.value).map_err(Refusal::Invalid)?;
            if patch.credential_id != wanted {
                return Ok(Attempt::Progress(patch.credential_id));
            }
            let new_credential = new_credential.transpose()?;
            require(expected, || before.tag())?;
            let applied =
                patch.apply(&before.value, new_credential.as_ref(), now).map_err(Refusal::Invalid)?;
            let owner = Sharded::Resource(id);
            if applied.changes.is_empty() {
                // It may be the repetition of an interrupted change.
                self.catch_up_shards(&actor.org, owner, now).await?;
                return Ok(Attempt::Done(before));
            }
            if let Commit::Done(_) =
                self.write_resource(actor, &before.value, &applied, before.version, now).await?
            {
                self.shut_out_earlier_starts(&actor.org, owner, shards::state(&item)? + 1).await?;
                return Ok(Attempt::Done(before.next(applied.resource)));
            }
            Ok(Attempt::Stale(wanted))
        })
        .await
    }

    /// Reads both in one call. A missing credential is an error only if the resource exists.
    async fn resource_and_new_credential(
        &self,
        org: &OrgId,
        id: ResourceId,
        wanted: Option<CredentialId>,
    ) -> Result<(Option<Item>, Option<Result<NewCredential, StoreError>>), StoreError> {
        let key = keys::resource(org, id);
        let Some(wanted) = wanted else {
            return Ok((self.get(&key).await?, None));
        };
        let (item, found) = self.get_both(&key, &keys::credential(org, wanted)).await?;
        let found = found.ok_or_else(|| Refusal::CredentialNotFound(wanted).into());
        let found = found.and_then(|found| credential(&found));
        let new = found.map(|found| NewCredential { name: found.name, provider: found.provider });
        Ok((item, Some(new)))
    }

    async fn write_resource(
        &self,
        actor: &Actor,
        before: &Resource,
        applied: &Applied,
        version: i64,
        now: Timestamp,
    ) -> Result<Commit, StoreError> {
        let (org, after) = (&actor.org, &applied.resource);
        let mut tx = Transaction::new(self);
        tx.replace_data(&keys::resource(org, after.id), &ResourceData::from(after), version)?;
        if before.credential_id != after.credential_id {
            drop_reference(&mut tx, org, before.credential_id, before.id);
            add_reference(&mut tx, org, after)?;
        } else if before.name != after.name {
            tx.update(
                &keys::reference(org, after.credential_id, after.id),
                &Expression::new("SET #data.#resourceName = :name", [(":name", data(&after.name)?)]),
                &Expression::exists(),
                |_| Failed::Stale,
            );
        }
        if before.is_active && !after.is_active {
            count_closing(&mut tx, org)?;
        }
        let entry = entry(AuditEvent::ResourceUpdate, after, changes(&applied.changes));
        tx.commit(actor, &entry, now).await
    }
}
