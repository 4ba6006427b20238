//! The deletion of a credential that nothing uses.

use model::audit::AuditEvent;
use model::id::CredentialId;
use model::precondition::Precondition;
use model::principal::Actor;
use model::refusal::Refusal;
use model::snapshot::snapshot;
use model::time::Timestamp;
use serde_json::Map;

use super::change::note_change;
use super::former::keep_value;
use super::{CredentialRecord, entry};
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::number;
use crate::table::retry::{Attempt, retry_stale};
use crate::table::tag::require;
use crate::table::transaction::{Commit, Failed, Transaction};
use crate::table::{Store, keys};

impl Store {
    /// Deletes a credential and its value.
    ///
    /// It happens only while no resource uses the credential, by a condition on the count that every resource moves
    /// in the transaction in which it takes or leaves the credential; and while no rule of the ledger was made with it.
    ///
    /// The list of rules is an index, in which a rule of the last second may be missing. So the value stays as a former value
    /// until the sweeper has seen, a minute later at the earliest, that no rule needs it: a rule that was overlooked here is
    /// removed all the same.
    ///
    /// # Errors
    /// `CredentialNotFound`; `PreconditionFailed`; `CredentialInUse` and `CredentialHasRules`, which are put on record; busy
    /// or defect.
    pub async fn delete_credential(
        &self,
        actor: &Actor,
        id: CredentialId,
        expected: &Precondition,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let org = &actor.org;
        retry_stale("the credential came into use", || async {
            let record = self.credential(org, id).await?.ok_or(Refusal::CredentialNotFound(id))?;
            require(expected, || record.tag())?;
            if let Some((code, refusal)) = self.reason_to_stay(actor, &record).await? {
                let entry = entry(AuditEvent::CredentialDelete, &record.credential, Map::new());
                self.record_denial(actor, &entry.refused(code), now).await?;
                return Err(refusal.into());
            }
            if self.remove_credential(actor, &record, now).await? {
                return Ok(Attempt::Done(()));
            }
            Ok(Attempt::STALE)
        })
        .await
    }

    /// Why a credential cannot be deleted, if it cannot.
    async fn reason_to_stay(
        &self,
        actor: &Actor,
        record: &CredentialRecord,
    ) -> Result<Option<(&'static str, Refusal)>, StoreError> {
        if !record.references.is_empty() {
            let resources = record.references.len();
            return Ok(Some(("CREDENTIAL_IN_USE", Refusal::CredentialInUse(resources))));
        }
        // Later than the credential was read: a rule that comes after this needs a resource, whose reference changes the
        // credential's version, on which the deletion has its condition.
        let listed = self.listed_rules(&actor.org).await?;
        let rules = listed.rules.iter().filter(|rule| rule.credential_id == record.credential.id).count();
        Ok((rules > 0).then_some(("CREDENTIAL_HAS_RULES", Refusal::CredentialHasRules(rules))))
    }

    async fn remove_credential(
        &self,
        actor: &Actor,
        record: &CredentialRecord,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (org, id) = (&actor.org, record.credential.id);
        let mut tx = Transaction::new(self);
        let unused = Expression::new(
            "#usage = :zero AND #version = :version",
            [(":zero", number(0)), (":version", number(record.version))],
        );
        tx.delete(&keys::credential(org, id), &unused, |_| Failed::Stale);
        if keep_value(&mut tx, org, record, now)? || !record.former.is_empty() {
            note_change(&mut tx, org, record, now)?;
        } else {
            tx.remove(&keys::value_change(org, id));
        }
        let gone = snapshot(&record.credential);
        let entry = entry(AuditEvent::CredentialDelete, &record.credential, gone);
        let at = now.after(record.credential.updated_at);
        Ok(matches!(tx.commit(actor, &entry, at).await?, Commit::Done(_)))
    }
}
