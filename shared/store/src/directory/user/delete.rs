//! The deletion of a user.
//!
//! The ids of a user's links are on their item, which is deleted. If the transaction has no room for all links, it leaves a note of the
//! others in the user's partition. A repeated deletion finds it if the first one was interrupted.

use model::audit::AuditEvent;
use model::id::{OrgId, UserId};
use model::link::Link;
use model::precondition::Precondition;
use model::principal::Actor;
use model::refusal::Refusal;
use model::snapshot::{deletion, snapshot};
use model::time::Timestamp;
use model::user::{User, email_key};
use serde_json::Map;

use super::{UserData, ending, entry, resource_ids, role_ids, user};
use crate::directory::link::{Gone, remove_as_fits};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, Item, NewItem, number, set};
use crate::table::keys::{self, LINKED, RESOURCE_IDS, ROLE_IDS, VERSION};
use crate::table::retry::{Attempt, retry_stale};
use crate::table::tag::require;
use crate::table::transaction::{Commit, Failed, Receipt, Transaction};

impl Store {
    /// Deletes a user with their links and the guard of their email, ends their sessions and revokes their API keys.
    ///
    /// # Errors
    /// `UserNotFound`; `PreconditionFailed`; busy or defect.
    pub async fn delete_user(
        &self,
        actor: &Actor,
        id: &UserId,
        expected: &Precondition,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        retry_stale("the user changed", || async {
            let (user_key, remains_key) = (keys::user(&actor.org, id), keys::remains(&actor.org, id));
            let (present, remains) = self.get_both(&user_key, &remains_key).await?;
            if let Some(item) = &present {
                require(expected, || user(item)?.tag())?;
            }
            if let Some(remains) = &remains {
                // Another person with the same id may have come since, with their own links.
                let own = present.as_ref().map_or(Ok(Vec::new()), |item| links(id, item))?;
                let left: Vec<Link> =
                    links(id, remains)?.into_iter().filter(|link| !own.contains(link)).collect();
                self.remove_remains(&actor.org, id, &left, &Receipt::of_remains()).await?;
            }
            let item = present.ok_or_else(|| Refusal::UserNotFound(id.clone()))?;
            if self.remove_user(actor, &item, now).await? {
                self.end_what_is_noted(actor, id, now).await;
                return Ok(Attempt::Done(()));
            }
            Ok(Attempt::STALE)
        })
        .await
    }

    async fn remove_user(&self, actor: &Actor, seen: &Item, now: Timestamp) -> Result<bool, StoreError> {
        let (org, user) = (&actor.org, User::from(seen.members::<UserData>()?));
        let mut tx = Transaction::new(self);
        let condition = Expression::new(
            "#version = :version AND #linked = :linked",
            [(":version", number(seen.number(VERSION)?)), (":linked", number(seen.number(LINKED)?))],
        );
        tx.delete(&keys::user(org, &user.id), &condition, |_| Failed::Stale);
        if let Some(email) = user.email.as_deref() {
            tx.remove(&keys::email(org, &email_key(email)));
        }
        let links = links(&user.id, seen)?;
        ending::note(&mut tx, org, (&user.id, ending::Why::Deleted), now)?;
        // One write is kept for the note of the other links.
        let afterwards = remove_as_fits(&mut tx, org, &links, Gone::User, 1);
        if !afterwards.is_empty() {
            tx.create(remains(org, &user.id, afterwards)?, |_| Failed::Stale);
        }
        let kinds: [(_, fn(&Link) -> _); 2] = [("roles", Link::role), ("resources", Link::resource)];
        let entry = entry(AuditEvent::UserDelete, &user, deletion(snapshot(&user), &links, kinds));
        let Commit::Done(receipt) = tx.commit(actor, &entry, now.after(user.updated_at)).await? else {
            return Ok(false);
        };
        if !afterwards.is_empty() {
            self.remove_remains(org, &user.id, afterwards, &receipt).await?;
        }
        Ok(true)
    }

    async fn remove_remains(
        &self,
        org: &OrgId,
        id: &UserId,
        links: &[Link],
        receipt: &Receipt,
    ) -> Result<(), StoreError> {
        self.remove_links_afterwards(org, links, Gone::User, receipt).await?;
        let mut tx = Transaction::new(self);
        tx.remove(&keys::remains(org, id));
        tx.follow_up(receipt).await.map(drop)
    }
}

pub(super) fn links(id: &UserId, item: &Item) -> Result<Vec<Link>, StoreError> {
    let roles = role_ids(item)?.into_iter().map(|role| Link::RoleUser(role, id.clone()));
    let resources = resource_ids(item)?.into_iter().map(|resource| Link::UserResource(id.clone(), resource));
    Ok(roles.chain(resources).collect())
}

/// The roles and the resources of a person's links, by the attribute that keeps them.
pub(super) fn ids(links: &[Link]) -> [(&'static str, Vec<String>); 2] {
    let roles = links.iter().filter_map(Link::role).collect();
    let resources = links.iter().filter_map(Link::resource).collect();
    [(ROLE_IDS, roles), (RESOURCE_IDS, resources)]
}

/// The same without empty sets, which DynamoDB does not have.
pub(super) fn sets(links: &[Link]) -> Vec<(&'static str, Vec<String>)> {
    ids(links).into_iter().filter(|(_, ids)| !ids.is_empty()).collect()
}

pub(super) fn with_links(item: NewItem, links: &[Link]) -> NewItem {
    sets(links).into_iter().fold(item, |item, (name, ids)| item.with(name, set(ids)))
}

/// The note of links that must still be removed.
fn remains(org: &OrgId, id: &UserId, links: &[Link]) -> Result<NewItem, StoreError> {
    Ok(with_links(NewItem::new(&keys::remains(org, id), Entity::Remains, &Map::new())?, links))
}
