//! Creation of a role.

use model::audit::AuditEvent;
use model::principal::Actor;
use model::refusal::Refusal;
use model::role::{Role, RoleDraft};
use model::time::Timestamp;
use serde_json::Map;

use super::{RoleData, entry, name_guard};
use crate::error::StoreError;
use crate::item::{Entity, NewItem, number};
use crate::keys::Holder;
use crate::transaction::{Failed, Transaction};
use crate::{Store, keys};

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
        let (org, role) = (&actor.org, draft.create(now));
        let key = keys::holder(org, &Holder::Role(role.id));
        let item = NewItem::new(&key, Entity::Role, &RoleData::from(&role))?
            .listed(keys::listed(keys::roles(org), role.id))
            .with(keys::VERSION, number(1))
            .with(keys::LINKED, number(0));
        let mut tx = Transaction::new(self);
        tx.create(item, |_| Failed::Stale)?;
        let taken = role.name.clone();
        tx.create(name_guard(org, &role)?, move |_| Failed::Refuse(Refusal::RoleNameTaken(taken.clone())))?;
        tx.commit(actor, &entry(AuditEvent::RoleCreate, &role, Map::new()), now).await?.certain()?;
        Ok(role)
    }
}
