//! The deletion of a resource (seed `DELETE /resources/{id}`).

use futures_util::future::try_join;
use model::audit::AuditEvent;
use model::id::{CredentialId, OrgId, ResourceId};
use model::link::Link;
use model::precondition::Precondition;
use model::principal::Actor;
use model::refusal::Refusal;
use model::snapshot::{deletion, snapshot};
use model::time::Timestamp;
use serde_json::Map;

use super::{drop_reference, entry_of, versioned};
use crate::directory::link::{Gone, remove_as_fits};
use crate::ledger::hold::shards::{self, Sharded};
use crate::table::Store;
use crate::table::error::{StoreError, corrupt};
use crate::table::expression::Expression;
use crate::table::item::{Entity, Item, number};
use crate::table::keys::{self, Assignee, LINKED, LIVE, VERSION};
use crate::table::retry::{Attempt, retry_stale};
use crate::table::tag::require;
use crate::table::transaction::{Commit, Failed, Receipt, Transaction};

/// The result of a deletion that may drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// The resource is gone.
    Done,
    /// It is deleted after its last rule.
    Draining,
}

impl Store {
    /// Deletes a resource. If sessions hold it, it is drained first.
    ///
    /// # Errors
    /// `ResourceNotFound`; `PreconditionFailed`; busy or defect.
    pub async fn drain_resource(
        &self,
        actor: &Actor,
        id: ResourceId,
        expected: &Precondition,
        now: Timestamp,
    ) -> Result<Deletion, StoreError> {
        retry_stale("the resource changed", || async {
            match self.delete_unheld_resource(actor, id, expected, now).await {
                Err(StoreError::Refused(Refusal::ResourceInUse)) => {}
                Ok(()) => return Ok(Attempt::Done(Deletion::Done)),
                Err(error) => return Err(error),
            }
            let item = self.get(&keys::resource(&actor.org, id)).await?;
            let item = item.ok_or(Refusal::ResourceNotFound(id))?;
            require(expected, || versioned(&item)?.tag())?;
            if self.mark_draining(actor, &item, now).await? {
                // This comes before the sessions are read: after it, no start that read the unmarked resource can succeed.
                self.catch_up_shards(&actor.org, Sharded::Resource(id), now).await?;
                self.drain_now(actor, id, now).await;
                return Ok(Attempt::Done(Deletion::Draining));
            }
            Ok(Attempt::STALE)
        })
        .await
    }

    /// Deletes a resource with its links and the reference to its credential. Audit rows stay.
    ///
    /// The transaction requires that no session row is live on the resource, by its own count and its shards' counts, and that no link
    /// was made since the links were read. Links beyond the transaction's 100 writes are removed right after it.
    ///
    /// # Errors
    /// `ResourceNotFound`; `PreconditionFailed`; `ResourceInUse` while a session row is live, which is put on record; busy
    /// or defect.
    pub async fn delete_resource(
        &self,
        actor: &Actor,
        id: ResourceId,
        expected: &Precondition,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let outcome = self.delete_unheld_resource(actor, id, expected, now).await;
        if let Err(StoreError::Refused(Refusal::ResourceInUse)) = &outcome
            && let Some(item) = self.get(&keys::resource(&actor.org, id)).await?
        {
            let entry = entry_of(AuditEvent::ResourceDelete, id, item.member("name")?, Map::new());
            self.record_denial(actor, &entry.refused("RESOURCE_IN_USE"), now).await?;
        }
        outcome
    }

    pub(super) async fn delete_unheld_resource(
        &self,
        actor: &Actor,
        id: ResourceId,
        expected: &Precondition,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        retry_stale("the resource changed", || async {
            let partition = keys::resource_partition(&actor.org, id);
            let reads = try_join(self.query_partition(&partition), self.shards_of_resource(&actor.org, id));
            let (partition, shards) = Box::pin(reads).await?;
            let links = links(id, &partition)?;
            let Some(item) = partition.iter().find(|item| item.entity == Entity::Resource) else {
                // Links without their resource remain from an interrupted deletion.
                let receipt = Receipt::of_remains();
                self.remove_links_afterwards(&actor.org, &links, Gone::RoleOrResource, &receipt).await?;
                return Err(Refusal::ResourceNotFound(id).into());
            };
            require(expected, || versioned(item)?.tag())?;
            let outcome = match shards::live_rows(item, &shards)? {
                0 => self.remove_resource(actor, (id, item, &shards), &links, now).await,
                _ => Err(Refusal::ResourceInUse.into()),
            };
            match outcome {
                Ok(true) => return Ok(Attempt::Done(())),
                Ok(false) => {}
                Err(error) => return Err(error),
            }
            Ok(Attempt::STALE)
        })
        .await
    }

    async fn remove_resource(
        &self,
        actor: &Actor,
        (id, item, shards): (ResourceId, &Item, &[Item]),
        links: &[Link],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let org = &actor.org;
        let credential = CredentialId::parse(item.member("credentialId")?);
        let credential = credential.map_err(|_| corrupt("it names no credential"))?;
        let mut tx = Transaction::new(self);
        delete_as_counted(&mut tx, org, id, item)?;
        shards::delete_as_counted(&mut tx, org, (id, shards), now)?;
        drop_reference(&mut tx, org, credential, id);
        let afterwards = remove_as_fits(&mut tx, org, links, Gone::RoleOrResource, 0);
        // An unreadable resource can be deleted too.
        let resource = super::resource(item).ok();
        let at = resource.as_ref().map_or(now, |resource| now.after(resource.updated_at));
        let gone = resource.map_or_else(Map::new, |resource| snapshot(&resource));
        let details = deletion(gone, links, [("roles", Link::role as fn(&Link) -> _), ("users", Link::user)]);
        let entry = entry_of(AuditEvent::ResourceDelete, id, item.member("name")?, details);
        let Commit::Done(receipt) = tx.commit(actor, &entry, at).await? else {
            return Ok(false);
        };
        self.remove_links_afterwards(org, afterwards, Gone::RoleOrResource, &receipt).await?;
        Ok(true)
    }
}

/// Deletes the item under the condition that no link, update or count has changed it. With the conditions on the shards, this excludes
/// every concurrent start.
fn delete_as_counted(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    id: ResourceId,
    seen: &Item,
) -> Result<(), StoreError> {
    let condition = Expression::new(
        "#version = :version AND #linked = :linked AND #live = :live",
        [
            (":version", number(seen.number(VERSION)?)),
            (":linked", number(seen.number(LINKED)?)),
            (":live", number(seen.number(LIVE)?)),
        ],
    );
    tx.delete(&keys::resource(org, id), &condition, move |item| match item {
        None => Failed::Refuse(Refusal::ResourceNotFound(id)),
        Some(_) => Failed::Stale,
    });
    Ok(())
}

/// The links in a resource's partition.
fn links(resource: ResourceId, partition: &[Item]) -> Result<Vec<Link>, StoreError> {
    let links = partition.iter().filter(|item| item.entity == Entity::Link);
    links
        .map(|link| {
            let sk = link.sk()?;
            let assignee = Assignee::of_link(sk).ok_or_else(|| corrupt("a link's key names no assignee"))?;
            Ok(match assignee {
                Assignee::Role(role) => Link::RoleResource(role, resource),
                Assignee::User(user) => Link::UserResource(user, resource),
            })
        })
        .collect()
}
