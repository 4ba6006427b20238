//! The taking away of a link.

use model::id::OrgId;
use model::link::Link;
use model::principal::Actor;
use model::refusal::Refusal;
use model::time::Timestamp;

use super::entry;
use super::remove::taken_from_user;
use crate::ledger::hold::closings::count_closing;
use crate::ledger::hold::shards::Sharded;
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::number;
use crate::table::keys::{self, Assignee, Key, RESOURCE_IDS, ROLE_IDS, UNLINKED};
use crate::table::transaction::{Commit, Failed, Transaction};

impl Store {
    /// Takes a link away. One call, and for a resource's link to a role two more: the role with its shards, and those that are behind.
    ///
    /// # Errors
    /// That the one side does not exist; then the other; then `NotAssigned`; busy or defect.
    pub async fn unassign(&self, actor: &Actor, link: &Link, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = Transaction::new(self);
        take_from_sides(&mut tx, &actor.org, link)?;
        for key in items(&actor.org, link) {
            let kind = link.kind();
            tx.delete(&key, &Expression::exists(), move |_| Failed::Refuse(Refusal::NotAssigned(kind)));
        }
        let outcome = tx.commit(actor, &entry(link.unassigned(), link), now).await.and_then(Commit::certain);
        let is_away = matches!(outcome, Ok(_) | Err(StoreError::Refused(Refusal::NotAssigned(_))));
        if let (true, Link::RoleResource(role, _)) = (is_away, link) {
            // Also for the repetition of what broke off.
            self.catch_up_shards(&actor.org, Sharded::Role(*role), now).await?;
        }
        outcome.map(drop)
    }
}

/// Requires that both sides exist, and takes the link from the one that has it on its own item.
fn take_from_sides(tx: &mut Transaction<'_>, org: &OrgId, link: &Link) -> Result<(), StoreError> {
    let (first, second) = Refusal::of_missing_sides(link);
    match link {
        Link::RoleResource(role, resource) => {
            // A start that has read the link before sees it by this number, or by that of the closings.
            let update = Expression::new(format!("ADD #{UNLINKED} :one"), [(":one", number(1))]);
            tx.update(&keys::role(org, *role), &update, &Expression::exists(), move |_| {
                Failed::Refuse(first.clone())
            });
            require(tx, &keys::resource(org, *resource), second);
            count_closing(tx, org)?;
        }
        Link::RoleUser(role, user) => {
            require(tx, &keys::role(org, *role), first);
            take_from_user(tx, &keys::user(org, user), (ROLE_IDS, &role.to_string()), second);
        }
        Link::UserResource(user, resource) => {
            take_from_user(tx, &keys::user(org, user), (RESOURCE_IDS, &resource.to_string()), first);
            require(tx, &keys::resource(org, *resource), second);
        }
    }
    Ok(())
}

fn require(tx: &mut Transaction<'_>, key: &Key, missing: Refusal) {
    tx.require(key, &Expression::exists(), move |_| Failed::Refuse(missing.clone()));
}

fn take_from_user(tx: &mut Transaction<'_>, key: &Key, (attribute, id): (&str, &str), missing: Refusal) {
    tx.update(key, &taken_from_user(attribute, id), &Expression::exists(), move |_| {
        Failed::Refuse(missing.clone())
    });
}

/// The keys of a link's items.
fn items(org: &OrgId, link: &Link) -> Vec<Key> {
    match link {
        Link::RoleResource(role, resource) => vec![
            keys::link_of_role(org, *role, *resource),
            keys::link_of_resource(org, *resource, &Assignee::Role(*role)),
        ],
        Link::RoleUser(role, user) => vec![keys::member_of_role(org, *role, user)],
        Link::UserResource(user, resource) => {
            vec![keys::link_of_resource(org, *resource, &Assignee::User(user.clone()))]
        }
    }
}
