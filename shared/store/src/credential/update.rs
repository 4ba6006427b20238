//! The update of a credential, full (seed `PUT /credentials/:id/`) or partial.

use model::audit::{AuditEvent, changes};
use model::credential::input::unknown_team;
use model::credential::{CredentialChange, CredentialUpdate, Reference, ValueChange};
use model::id::{CredentialId, OrgId};
use model::principal::Actor;
use model::refusal::Refusal;
use model::time::Timestamp;

use super::{CredentialData, CredentialRecord, entry};
use crate::error::StoreError;
use crate::expression::Expression;
use crate::item::{bytes, data, number};
use crate::keys::Holder;
use crate::retry::Backoff;
use crate::transaction::{Commit, Failed, Transaction, WRITES_MAX};
use crate::{Sealed, Store, Vault, keys};

impl Store {
    /// Updates a credential that was read before. An update that changes nothing writes nothing.
    ///
    /// A rename also changes the copies of the name that its resources carry, in the same transaction as far as
    /// 100 writes go, and right after it beyond that.
    ///
    /// # Errors
    /// `Invalid` for what the stored credential does not allow, or a team that does not exist;
    /// `CredentialNotFound` when it was deleted meanwhile; busy or defect.
    pub async fn update_credential(
        &self,
        vault: &Vault,
        actor: &Actor,
        read: CredentialRecord,
        update: &CredentialUpdate,
        now: Timestamp,
    ) -> Result<CredentialRecord, StoreError> {
        let (org, id) = (&actor.org, read.credential.id);
        let (mut record, mut backoff) = (read, Backoff::default());
        loop {
            let change = update.apply(&record.credential, now).map_err(Refusal::Invalid)?;
            if change.changes.is_empty() {
                return Ok(record);
            }
            let sealed = match &change.value {
                ValueChange::Replace(value) => Some(vault.seal(org, id, value).await?),
                ValueChange::Keep | ValueChange::Clear => None,
            };
            if self.write_credential(actor, &record, update, &change, sealed.as_ref(), now).await? {
                let sealed = match change.value {
                    ValueChange::Keep => record.sealed,
                    ValueChange::Clear | ValueChange::Replace(_) => sealed,
                };
                let version = record.version + 1;
                return Ok(CredentialRecord { credential: change.credential, sealed, version, ..record });
            }
            backoff.pause("the credential changed").await?;
            record = self.credential(org, id).await?.ok_or(Refusal::CredentialNotFound(id))?;
        }
    }

    async fn write_credential(
        &self,
        actor: &Actor,
        record: &CredentialRecord,
        update: &CredentialUpdate,
        change: &CredentialChange,
        sealed: Option<&Sealed>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (org, after) = (&actor.org, &change.credential);
        let mut tx = Transaction::new(self);
        let condition = Expression::new("#version = :version", [(":version", number(record.version))]);
        let expression = credential_update(change, sealed)?;
        tx.update(&keys::credential(org, after.id), &expression, &condition, |_| Failed::Stale)?;
        if let Some(team) = update.team().cloned() {
            tx.require(&keys::holder(org, &Holder::Role(team.id)), move |_| {
                Failed::Refuse(unknown_team(&team.named).into())
            })?;
        }
        let renamed = after.name != record.credential.name;
        let copies = if renamed { record.references.as_slice() } else { &[] };
        let (at_once, afterwards) = copies.split_at(copies.len().min(tx.room()));
        rename_copies(&mut tx, org, after.id, &after.name, at_once)?;
        let entry = entry(AuditEvent::CredentialUpdate, after, changes(&change.changes));
        let Commit::Done(receipt) = tx.commit(actor, &entry, now).await? else {
            return Ok(false);
        };
        for rest in afterwards.chunks(WRITES_MAX) {
            let mut tx = Transaction::new(self);
            rename_copies(&mut tx, org, after.id, &after.name, rest)?;
            tx.follow_up(&receipt).await?;
        }
        Ok(true)
    }
}

fn credential_update(change: &CredentialChange, sealed: Option<&Sealed>) -> Result<Expression, StoreError> {
    let mut values = vec![(":data", data(&CredentialData::from(&change.credential))?), (":one", number(1))];
    let mut text = String::from("SET #data = :data, #version = #version + :one");
    match (&change.value, sealed) {
        (ValueChange::Replace(_), Some(sealed)) => {
            text.push_str(", #secret = :secret");
            values.push((":secret", bytes(sealed.to_bytes())));
        }
        (ValueChange::Clear, _) => text.push_str(" REMOVE #secret"),
        (ValueChange::Keep | ValueChange::Replace(_), _) => {}
    }
    Ok(Expression::new(text, values))
}

fn rename_copies(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    credential: CredentialId,
    name: &str,
    references: &[Reference],
) -> Result<(), StoreError> {
    for reference in references {
        tx.update(
            &keys::resource(org, reference.resource_id),
            &Expression::new(
                "SET #data.#credentialName = :name, #version = #version + :one",
                [(":name", data(&name)?), (":one", number(1))],
            ),
            &Expression::new("#data.#credentialId = :credential", [(":credential", data(&credential)?)]),
            |_| Failed::Stale,
        )?;
    }
    Ok(())
}
