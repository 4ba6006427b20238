//! Creation of a role.

use model::audit::AuditEvent;
use model::principal::Actor;
use model::refusal::Refusal;
use model::role::{Role, RoleDraft};
use model::snapshot::snapshot;
use model::time::Timestamp;

use super::{RoleData, entry, name_guard};
use crate::table::error::StoreError;
use crate::table::item::{Entity, NewItem, number};
use crate::table::transaction::{Failed, Transaction};
use crate::table::{Store, keys};

impl Store {
    /// Creates a role. One call.
    ///
    /// # Errors
    /// `RoleNameTaken`; busy or defect.
    pub async fn create_role(
        &self,
        actor: &Actor,
        draft: &RoleDraft,
        now: Timestamp,
    ) -> Result<Role, StoreError> {
        let role = draft.create(now);
        self.idempotent(actor, now, self.insert_role(actor, role, now)).await
    }

    async fn insert_role(&self, actor: &Actor, role: Role, now: Timestamp) -> Result<Role, StoreError> {
        let org = &actor.org;
        let item = NewItem::new(&keys::role(org, role.id), Entity::Role, &RoleData::from(&role))?
            .listed(keys::listed(keys::roles(org), role.id))
            .with(keys::VERSION, number(1))
            .with(keys::LINKED, number(0));
        let mut tx = Transaction::idempotent(self, actor, &role, now)?;
        tx.create(item, |_| Failed::Stale);
        let taken = role.name.clone();
        tx.create(name_guard(org, &role)?, move |_| Failed::Refuse(Refusal::RoleNameTaken(taken.clone())));
        tx.commit(actor, &entry(AuditEvent::RoleCreate, &role, snapshot(&role)), now).await?.certain()?;
        Ok(role)
    }
}
