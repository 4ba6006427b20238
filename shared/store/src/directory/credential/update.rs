//! The update of a credential, full (seed `PUT /credentials/:id/`) or partial.

use model::audit::{AuditEvent, changes};
use model::credential::input::unknown_team;
use model::credential::{CredentialChange, CredentialUpdate, ValueChange};
use model::id::OrgId;
use model::precondition::Precondition;
use model::principal::Actor;
use model::refusal::Refusal;
use model::time::Timestamp;

use super::change::note_change;
use super::former::{keep_value, require_room};
use super::rename::{copies_at_once, rename_copies};
use super::{CredentialData, CredentialRecord, entry};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{bytes, data};
use crate::table::keys::{self, Assignee};
use crate::table::retry::{Attempt, retry_stale_from};
use crate::table::tag::require;
use crate::table::transaction::{Commit, Failed, Transaction};
use crate::vault::{Sealed, Vault};

impl Store {
    /// Updates a credential that was read before. An update that changes nothing writes nothing.
    ///
    /// A rename also changes the copies of the name that its resources carry, as the module `rename` describes. What a provider
    /// was asked with stays as a former value (`former`), and a new value wakes the rules that wait for one (`change`).
    ///
    /// # Errors
    /// `PreconditionFailed`; `Invalid` for what the stored credential does not allow, or a team that does not exist;
    /// `TooManyFormerValues`; `CredentialNotFound` when it was deleted meanwhile; busy or defect.
    pub async fn update_credential(
        &self,
        vault: &Vault,
        actor: &Actor,
        read: CredentialRecord,
        update: &CredentialUpdate,
        expected: &Precondition,
        now: Timestamp,
    ) -> Result<CredentialRecord, StoreError> {
        let (org, id) = (&actor.org, read.credential.id);
        let first = Some(self.finish_rename(org, read).await?);
        retry_stale_from("the credential changed", first, |read| async move {
            let record = match read {
                Some(record) => record,
                None => self.credential(org, id).await?.ok_or(Refusal::CredentialNotFound(id))?,
            };
            require(expected, || record.tag())?;
            let update = &self.without_same_value(vault, org, &record, update).await?;
            let change = update.apply(&record.credential, org, now).map_err(Refusal::Invalid)?;
            if change.changes.is_empty() {
                return Ok(Attempt::Done(record));
            }
            let changes_access = change.changes_access(&record.credential);
            if changes_access {
                require_room(&record)?;
            }
            let sealed = match &change.value {
                ValueChange::Replace(value) => Some(vault.seal(org, id, value).await?),
                ValueChange::Keep | ValueChange::Clear => None,
            };
            if self.write_credential(actor, &record, update, &change, sealed.as_ref(), now).await? {
                if changes_access {
                    self.wake_rules_now(org, &record, now).await;
                }
                let sealed = match change.value {
                    ValueChange::Keep => record.sealed,
                    ValueChange::Clear | ValueChange::Replace(_) => sealed,
                };
                let version = record.version + 1;
                let credential = change.credential;
                return Ok(Attempt::Done(CredentialRecord { credential, sealed, version, ..record }));
            }
            Ok(Attempt::Stale(None))
        })
        .await
    }

    /// The update, without its value where that is the one that readers of the credential see.
    async fn without_same_value(
        &self,
        vault: &Vault,
        org: &OrgId,
        record: &CredentialRecord,
        update: &CredentialUpdate,
    ) -> Result<CredentialUpdate, StoreError> {
        let update = update.clone();
        match &record.sealed {
            Some(sealed) if update.may_keep_value_of(&record.credential) => {
                let stored = vault.open(org, record.credential.id, sealed).await?;
                Ok(update.without_value(&stored))
            }
            Some(_) | None => Ok(update),
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
        let renamed = after.name != record.credential.name;
        let copies = if renamed { record.references.as_slice() } else { &[] };
        let changes_access = change.changes_access(&record.credential);
        let at_once = copies.len().min(copies_at_once(changes_access));
        let further = beside_the_members(change, sealed, copies.len() > at_once)?;
        let (key, members) = (keys::credential(org, after.id), CredentialData::from(after));
        tx.replace_data_and(&key, &members, record.version, &further)?;
        // A team that is there no more may stay: a deleted role leaves its id.
        let is_new = after.team != record.credential.team;
        if let Some(team) = update.team().filter(|_| is_new).cloned() {
            tx.require(&keys::assignee(org, &Assignee::Role(team.id)), &Expression::exists(), move |_| {
                Failed::Refuse(unknown_team(&team.named).into())
            });
        }
        if changes_access {
            keep_value(&mut tx, org, record, now)?;
            note_change(&mut tx, org, record, now)?;
        }
        let (at_once, afterwards) = copies.split_at(at_once);
        rename_copies(&mut tx, org, after, at_once)?;
        let entry = entry(AuditEvent::CredentialUpdate, after, changes(&change.changes));
        let Commit::Done(receipt) = tx.commit(actor, &entry, now).await? else {
            return Ok(false);
        };
        self.rename_afterwards(org, after, afterwards, &receipt).await?;
        Ok(true)
    }
}

/// What changes beside the members: the sealed value, and the mark of a rename that goes on after this transaction.
fn beside_the_members(
    change: &CredentialChange,
    sealed: Option<&Sealed>,
    rename_goes_on: bool,
) -> Result<Expression, StoreError> {
    let (mut text, mut values) = (String::new(), Vec::new());
    if rename_goes_on {
        text.push_str(", #renaming = :yes");
        values.push((":yes", data(&true)?));
    }
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
