//! Creation of a credential.

use model::audit::AuditEvent;
use model::credential::CredentialDraft;
use model::credential::input::unknown_team;
use model::id::OrgId;
use model::principal::Actor;
use model::refusal::Refusal;
use model::snapshot::snapshot;
use model::time::Timestamp;

use super::{CredentialData, CredentialRecord, entry};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, NewItem, bytes, number};
use crate::table::keys::{self, Assignee};
use crate::table::transaction::{Failed, Transaction};
use crate::vault::Vault;

impl Store {
    /// Creates a credential and seals its value. One call.
    ///
    /// # Errors
    /// `Invalid` for a sensitive credential without a value or a team that does not exist; busy or defect.
    pub async fn create_credential(
        &self,
        vault: &Vault,
        actor: &Actor,
        draft: &CredentialDraft,
        now: Timestamp,
    ) -> Result<CredentialRecord, StoreError> {
        self.idempotent(actor, now, self.insert_credential(vault, actor, draft, now)).await
    }

    async fn insert_credential(
        &self,
        vault: &Vault,
        actor: &Actor,
        draft: &CredentialDraft,
        now: Timestamp,
    ) -> Result<CredentialRecord, StoreError> {
        let org = &actor.org;
        let (credential, value) = draft.create(actor, now).map_err(Refusal::Invalid)?;
        let sealed = match &value {
            Some(value) => Some(vault.seal(org, credential.id, value).await?),
            None => None,
        };
        let record = CredentialRecord {
            credential,
            references: Vec::new(),
            sealed,
            former: Vec::new(),
            version: 1,
            renaming: false,
        };
        let mut tx = Transaction::idempotent(self, actor, &record, now)?;
        tx.create(item(org, &record)?, |_| Failed::Stale);
        if let Some(team) = draft.team().cloned() {
            tx.require(&keys::assignee(org, &Assignee::Role(team.id)), &Expression::exists(), move |_| {
                Failed::Refuse(unknown_team(&team.named).into())
            });
        }
        let entry = entry(AuditEvent::CredentialCreate, &record.credential, snapshot(&record.credential));
        tx.commit(actor, &entry, now).await?.certain()?;
        Ok(record)
    }
}

fn item(org: &OrgId, record: &CredentialRecord) -> Result<NewItem, StoreError> {
    let credential = &record.credential;
    let key = keys::credential(org, credential.id);
    let item = NewItem::new(&key, Entity::Credential, &CredentialData::from(credential))?
        .listed(keys::listed(keys::credentials(org), credential.id))
        .with(keys::VERSION, number(1))
        .with(keys::USAGE, number(0));
    Ok(match &record.sealed {
        Some(sealed) => item.with(keys::SECRET, bytes(sealed.to_bytes())),
        None => item,
    })
}
