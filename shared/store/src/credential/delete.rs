//! The deletion of a credential that nothing uses.

use model::audit::AuditEvent;
use model::id::CredentialId;
use model::precondition::Precondition;
use model::principal::Actor;
use model::refusal::Refusal;
use model::time::Timestamp;
use serde_json::Map;

use super::entry;
use crate::error::StoreError;
use crate::expression::Expression;
use crate::item::number;
use crate::retry::Backoff;
use crate::tag::require;
use crate::transaction::{Commit, Failed, Transaction};
use crate::{Store, keys};

impl Store {
    /// Deletes a credential and its value.
    ///
    /// It happens only while no resource uses the credential, by a condition on the count that every resource moves
    /// in the transaction in which it takes or leaves the credential.
    ///
    /// # Errors
    /// `CredentialNotFound`; `PreconditionFailed`; `CredentialInUse`, which is put on record; busy or defect.
    pub async fn delete_credential(
        &self,
        actor: &Actor,
        id: CredentialId,
        expected: &Precondition,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (org, mut backoff) = (&actor.org, Backoff::default());
        loop {
            let record = self.credential(org, id).await?.ok_or(Refusal::CredentialNotFound(id))?;
            require(expected, || record.tag())?;
            let entry = entry(AuditEvent::CredentialDelete, &record.credential, Map::new());
            if !record.references.is_empty() {
                self.record_attempt(actor, &entry.refused("CREDENTIAL_IN_USE"), now).await?;
                return Err(Refusal::CredentialInUse(record.references.len()).into());
            }
            let mut tx = Transaction::new(self);
            let unused = Expression::new(
                "#usage = :zero AND #version = :version",
                [(":zero", number(0)), (":version", number(record.version))],
            );
            tx.delete(&keys::credential(org, id), &unused, |_| Failed::Stale);
            if let Commit::Done(_) = tx.commit(actor, &entry, now).await? {
                return Ok(());
            }
            backoff.pause("the credential came into use").await?;
        }
    }
}
