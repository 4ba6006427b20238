//! Creation of a resource.

use model::audit::AuditEvent;
use model::principal::Actor;
use model::refusal::Refusal;
use model::resource::{Resource, ResourceDraft};
use model::snapshot::snapshot;
use model::time::Timestamp;
use model::violation::Violations;

use super::{ResourceData, add_reference, entry};
use crate::ledger::hold::shards;
use crate::table::error::StoreError;
use crate::table::item::{Entity, NewItem, number};
use crate::table::retry::{Attempt, retry_stale};
use crate::table::transaction::{Commit, Failed, Transaction};
use crate::table::{Store, keys};

impl Store {
    /// Creates a resource, and the reference to its credential.
    ///
    /// # Errors
    /// `CredentialNotFound`; `Invalid` for a credential of another provider; busy or defect.
    pub async fn create_resource(
        &self,
        actor: &Actor,
        draft: &ResourceDraft,
        now: Timestamp,
    ) -> Result<Resource, StoreError> {
        self.idempotent(actor, now, self.carry_out_creation(actor, draft, now)).await
    }

    async fn carry_out_creation(
        &self,
        actor: &Actor,
        draft: &ResourceDraft,
        now: Timestamp,
    ) -> Result<Resource, StoreError> {
        retry_stale("the credential changed", || async {
            let credential = self.credential_alone(&actor.org, draft.credential_id).await?;
            let credential = credential.ok_or(Refusal::CredentialNotFound(draft.credential_id))?;
            if credential.provider != draft.provider {
                let sentence = "credentialId must name a credential of the resource's provider";
                return Err(Refusal::Invalid(Violations::one("credentialId", sentence)).into());
            }
            let resource = draft.create(&credential.name, now);
            if let Commit::Done(_) = self.insert_resource(actor, &resource, now).await? {
                return Ok(Attempt::Done(resource));
            }
            Ok(Attempt::STALE)
        })
        .await
    }

    async fn insert_resource(
        &self,
        actor: &Actor,
        resource: &Resource,
        now: Timestamp,
    ) -> Result<Commit, StoreError> {
        let org = &actor.org;
        let item =
            NewItem::new(&keys::resource(org, resource.id), Entity::Resource, &ResourceData::from(resource))?
                .listed(keys::listed(keys::resources(org), resource.id))
                .with(keys::VERSION, number(1))
                .with(keys::LIVE, number(shards::RESERVE))
                .with(keys::SHARDS, number(shards::SHARDS))
                .with(keys::LINKED, number(0));
        let mut tx = Transaction::idempotent(self, actor, resource, now)?;
        tx.create(item, |_| Failed::Stale);
        add_reference(&mut tx, org, resource)?;
        tx.commit(actor, &entry(AuditEvent::ResourceCreate, resource, snapshot(resource)), now).await
    }
}
