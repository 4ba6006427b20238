//! The removal of links whose one side is deleted.

use futures_util::{TryStreamExt, stream};
use model::id::OrgId;
use model::link::Link;

use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::set;
use crate::table::keys::{self, Assignee, Key, RESOURCE_IDS, ROLE_IDS};
use crate::table::transaction::{Failed, Receipt, Transaction};

/// What is being deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gone {
    /// A role or a resource.
    RoleOrResource,
    /// A person, and the sets of their links with them.
    User,
}

impl Gone {
    /// Writes that the removal of one link costs.
    fn writes_a_link(self) -> usize {
        match self {
            Self::RoleOrResource => 2,
            Self::User => 1,
        }
    }
}

/// Transactions under way at once when there is more to remove than fits into one.
const AT_ONCE: usize = 8;

/// Removes as many links as a transaction has room for, beside `reserved` writes, and returns the others.
pub(crate) fn remove_as_fits<'l>(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    links: &'l [Link],
    gone: Gone,
    reserved: usize,
) -> &'l [Link] {
    let room = tx.room().saturating_sub(reserved) / gone.writes_a_link();
    let (fitting, others) = links.split_at(links.len().min(room));
    for link in fitting {
        remove(tx, org, link, gone);
    }
    others
}

fn remove(tx: &mut Transaction<'_>, org: &OrgId, link: &Link, gone: Gone) {
    match link {
        Link::RoleResource(role, resource) => {
            tx.remove(&keys::link_of_role(org, *role, *resource));
            tx.remove(&keys::link_of_resource(org, *resource, &Assignee::Role(*role)));
        }
        Link::RoleUser(role, user) => {
            tx.remove(&keys::member_of_role(org, *role, user));
            remove_from_user(tx, &keys::user(org, user), (ROLE_IDS, &role.to_string()), gone);
        }
        Link::UserResource(user, resource) => {
            tx.remove(&keys::link_of_resource(org, *resource, &Assignee::User(user.clone())));
            remove_from_user(tx, &keys::user(org, user), (RESOURCE_IDS, &resource.to_string()), gone);
        }
    }
}

/// Takes an id out of a set on a person's item.
pub(super) fn taken_from_user(attribute: &str, id: &str) -> Expression {
    Expression::new(format!("DELETE #{attribute} :ids"), [(":ids", set([id]))])
}

fn remove_from_user(tx: &mut Transaction<'_>, key: &Key, (attribute, id): (&str, &str), gone: Gone) {
    match gone {
        Gone::User => {}
        Gone::RoleOrResource => {
            tx.update(key, &taken_from_user(attribute, id), &Expression::exists(), |_| Failed::Needless);
        }
    }
}

impl Store {
    /// Removes the links that had no room in the transaction that deleted one of their sides.
    pub(crate) async fn remove_links_afterwards(
        &self,
        org: &OrgId,
        links: &[Link],
        gone: Gone,
        receipt: &Receipt,
    ) -> Result<(), StoreError> {
        if links.is_empty() {
            return Ok(());
        }
        let room = Transaction::new(self).room() / gone.writes_a_link();
        let chunks: Vec<Result<&[Link], StoreError>> = links.chunks(room.max(1)).map(Ok).collect();
        stream::iter(chunks)
            .try_for_each_concurrent(AT_ONCE, |some| async move {
                let mut tx = Transaction::new(self);
                for link in some {
                    remove(&mut tx, org, link, gone);
                }
                tx.follow_up(receipt).await.map(drop)
            })
            .await
    }
}
