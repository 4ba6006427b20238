//! A rename of a credential travels to the copies of its name that its resources carry.
//!
//! The first copies change in the rename's own transaction. Where there are more, that transaction marks the credential
//! as being renamed, the others follow at once, and the mark goes last. A mark that is found later belongs to a rename
//! that broke off; the next change of the credential finishes it first. Every later copy asks that the credential still
//! has the name, so that an older rename never overwrites a newer one.

use model::credential::{Credential, Reference};
use model::id::OrgId;

use super::CredentialRecord;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{data, number};
use crate::table::transaction::{Failed, FollowUp, Receipt, Transaction, WRITES_MAX};
use crate::table::{Store, keys};

/// Copies that change in the rename's own transaction, beside the credential, its team and the audit row.
const COPIES_AT_ONCE: usize = WRITES_MAX - 3;

/// The same where the value changes too: its former value and the note of the change take room.
const COPIES_BESIDE_A_NEW_VALUE: usize = COPIES_AT_ONCE - 2;

/// How many copies change in the rename's own transaction.
pub(super) fn copies_at_once(changes_access: bool) -> usize {
    if changes_access { COPIES_BESIDE_A_NEW_VALUE } else { COPIES_AT_ONCE }
}

/// Copies in a later transaction, beside the question for the credential's name.
const COPIES_AFTERWARDS: usize = WRITES_MAX - 1;

/// Gives some resources the name of their credential. One that has left the credential keeps
/// what it has.
pub(super) fn rename_copies(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    credential: &Credential,
    references: &[Reference],
) -> Result<(), StoreError> {
    let (id, name) = (data(&credential.id)?, data(&credential.name)?);
    for reference in references {
        tx.update(
            &keys::resource(org, reference.resource_id),
            &Expression::new(
                "SET #data.#credentialName = :name, #version = #version + :one",
                [(":name", name.clone()), (":one", number(1))],
            ),
            &Expression::new("#data.#credentialId = :credential", [(":credential", id.clone())]),
            |_| Failed::Stale,
        );
    }
    Ok(())
}

impl Store {
    /// Renames the copies that had no room in the rename's own transaction, and takes the mark away.
    pub(super) async fn rename_afterwards(
        &self,
        org: &OrgId,
        credential: &Credential,
        references: &[Reference],
        receipt: &Receipt,
    ) -> Result<(), StoreError> {
        if references.is_empty() {
            return Ok(());
        }
        let key = keys::credential(org, credential.id);
        let still_named = Expression::new("#data.#name = :name", [(":name", data(&credential.name)?)]);
        for some in references.chunks(COPIES_AFTERWARDS) {
            let mut tx = Transaction::new(self);
            tx.require(&key, &still_named, |_| Failed::Superseded);
            rename_copies(&mut tx, org, credential, some)?;
            if tx.follow_up(receipt).await? == FollowUp::Superseded {
                return Ok(());
            }
        }
        let mut tx = Transaction::new(self);
        tx.update(&key, &Expression::new("REMOVE #renaming", []), &still_named, |_| Failed::Superseded);
        tx.follow_up(receipt).await.map(drop)
    }

    /// Finishes a rename that broke off.
    pub(super) async fn finish_rename(
        &self,
        org: &OrgId,
        record: CredentialRecord,
    ) -> Result<CredentialRecord, StoreError> {
        if record.renaming {
            let receipt = Receipt::of_remains();
            self.rename_afterwards(org, &record.credential, &record.references, &receipt).await?;
        }
        Ok(record)
    }
}
