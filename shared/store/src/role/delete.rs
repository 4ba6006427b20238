//! The deletion of a role. It unlinks and never refuses.

use model::audit::AuditEvent;
use model::id::RoleId;
use model::principal::Actor;
use model::refusal::Refusal;
use model::role::Role;
use model::time::Timestamp;
use serde_json::Map;

use super::{entry, roles};
use crate::error::StoreError;
use crate::expression::Expression;
use crate::item::{Entity, Item, number};
use crate::keys::{Holder, LINKED, VERSION};
use crate::link::{Link, remove_as_fits};
use crate::retry::Backoff;
use crate::transaction::{Commit, Failed, Transaction};
use crate::{Store, keys};

impl Store {
    /// Deletes a role with its links and the guard of its name. Resources and people stay, and so do credentials
    /// whose team it was: they keep the id of a team that nobody is in, rather than become everybody's.
    ///
    /// # Errors
    /// `RoleNotFound`; busy or defect.
    pub async fn delete_role(&self, actor: &Actor, id: RoleId, now: Timestamp) -> Result<(), StoreError> {
        let mut backoff = Backoff::default();
        loop {
            let partition =
                self.query_partition(&keys::holder_partition(&actor.org, &Holder::Role(id))).await?;
            let item = partition.iter().find(|item| item.entity == Entity::Role);
            let item = item.ok_or(Refusal::RoleNotFound(id))?;
            let role = roles(&partition)?.pop().ok_or(Refusal::RoleNotFound(id))?;
            if self.remove_role(actor, &role, item, now).await? {
                return Ok(());
            }
            backoff.pause("the role changed").await?;
        }
    }

    async fn remove_role(
        &self,
        actor: &Actor,
        role: &Role,
        seen: &Item,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let org = &actor.org;
        let mut tx = Transaction::new(self);
        let condition = Expression::new(
            "#version = :version AND #linked = :linked",
            [(":version", number(seen.number(VERSION)?)), (":linked", number(seen.number(LINKED)?))],
        );
        tx.delete(&keys::holder(org, &Holder::Role(role.id)), &condition, |_| Failed::Stale)?;
        tx.remove(&keys::role_name(org, &role.name))?;
        let links: Vec<Link> = role
            .resource_ids
            .iter()
            .map(|id| Link { holder: Holder::Role(role.id), resource: *id })
            .collect();
        let afterwards = remove_as_fits(&mut tx, org, &links)?;
        let entry = entry(AuditEvent::RoleDelete, role, Map::new());
        let Commit::Done(receipt) = tx.commit(actor, &entry, now).await? else {
            return Ok(false);
        };
        self.remove_links_afterwards(org, afterwards, &receipt).await?;
        Ok(true)
    }
}
