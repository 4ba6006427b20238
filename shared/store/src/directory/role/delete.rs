//! The deletion of a role. It removes the links and is never refused because of them.

use model::audit::AuditEvent;
use model::id::RoleId;
use model::link::Link;
use model::precondition::Precondition;
use model::principal::Actor;
use model::refusal::Refusal;
use model::role::Role;
use model::snapshot::{deletion, snapshot};
use model::time::Timestamp;

use super::{RoleData, entry, roles};
use crate::directory::link::{FromRole, Gone, from_role, remove_as_fits};
use crate::ledger::hold::closings::count_closing;
use crate::ledger::hold::shards::{self, Sharded};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, Item, number};
use crate::table::keys::{self, Assignee, LINKED, VERSION};
use crate::table::retry::{Attempt, retry_stale};
use crate::table::tag::require;
use crate::table::transaction::{Commit, Failed, Receipt, Transaction};

impl Store {
    /// Deletes a role with its links and the guard of its name. Resources and people stay. Credentials of this team keep its id: then
    /// nobody is in their team, and without a team everybody would be.
    ///
    /// # Errors
    /// `RoleNotFound`; `PreconditionFailed`; busy or defect.
    pub async fn delete_role(
        &self,
        actor: &Actor,
        id: RoleId,
        expected: &Precondition,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        retry_stale("the role changed", || async {
            let partition =
                self.query_partition(&keys::assignee_partition(&actor.org, &Assignee::Role(id))).await?;
            let links = links(id, &partition)?;
            let Some(item) = partition.iter().find(|item| item.entity == Entity::Role) else {
                // Links without their role remain from an interrupted deletion.
                let receipt = Receipt::of_remains();
                self.remove_links_afterwards(&actor.org, &links, Gone::RoleOrResource, &receipt).await?;
                self.catch_up_shards(&actor.org, Sharded::Role(id), now).await?;
                return Err(Refusal::RoleNotFound(id).into());
            };
            require(expected, || roles(&partition)?.pop().ok_or(Refusal::RoleNotFound(id))?.tag())?;
            if self.remove_role(actor, item, &links, now).await? {
                return Ok(Attempt::Done(()));
            }
            Ok(Attempt::STALE)
        })
        .await
    }

    async fn remove_role(
        &self,
        actor: &Actor,
        seen: &Item,
        links: &[Link],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (org, role) = (&actor.org, Role::from(seen.members::<RoleData>()?));
        let mut tx = Transaction::new(self);
        let condition = Expression::new(
            "#version = :version AND #linked = :linked",
            [(":version", number(seen.number(VERSION)?)), (":linked", number(seen.number(LINKED)?))],
        );
        tx.delete(&keys::role(org, role.id), &condition, |_| Failed::Stale);
        tx.remove(&keys::role_name(org, &role.name));
        count_closing(&mut tx, org)?;
        shards::bury_first_of_role(&mut tx, org, role.id, now)?;
        let afterwards = remove_as_fits(&mut tx, org, links, Gone::RoleOrResource, 0);
        let kinds: [(_, fn(&Link) -> _); 2] = [("resources", Link::resource), ("users", Link::user)];
        let entry = entry(AuditEvent::RoleDelete, &role, deletion(snapshot(&role), links, kinds));
        let Commit::Done(receipt) = tx.commit(actor, &entry, now.after(role.updated_at)).await? else {
            return Ok(false);
        };
        self.bury_other_shards_of_role(org, role.id, now).await?;
        self.remove_links_afterwards(org, afterwards, Gone::RoleOrResource, &receipt).await?;
        Ok(true)
    }
}

/// The links in a role's partition.
fn links(role: RoleId, partition: &[Item]) -> Result<Vec<Link>, StoreError> {
    let links = partition.iter().filter(|item| item.entity == Entity::Link);
    let link = |link| {
        Ok(match from_role(link)? {
            FromRole::Resource(resource) => Link::RoleResource(role, resource),
            FromRole::User(user) => Link::RoleUser(role, user),
        })
    };
    links.map(link).collect()
}
