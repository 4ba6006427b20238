//! What grants a person the resources of a session, as it was read: the links of the person, and the roles that lead to the
//! resources. The transaction that relies on it requires that it is the same.

use model::id::{OrgId, ResourceId};
use model::session::SessionHead;
use model::user::User;
use std::collections::{BTreeMap, BTreeSet};

use crate::directory::role::RoleAsRead;
use crate::directory::user::{has_links_of, is_in_activation};
use crate::ledger::hold::shards::require_role;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::keys::{self, SESSION_IDS};
use crate::table::transaction::{Failed, Transaction};
use crate::table::{Store, item};

/// What a session relies on.
pub(super) struct Grant<'a> {
    user: &'a User,
    /// An administrator reaches everything, whatever their links are.
    is_org_admin: bool,
    roles: Vec<&'a RoleAsRead>,
}

impl<'a> Grant<'a> {
    /// The grant of some resources. Each that the person does not reach directly needs one of their roles: the one that allows the
    /// longest session, and of several such roles the one with the most resources, so that few roles are needed.
    pub(super) fn of(
        (user, is_org_admin): (&'a User, bool),
        roles: &'a [RoleAsRead],
        resources: &BTreeSet<ResourceId>,
    ) -> Self {
        let mut grant = Self { user, is_org_admin, roles: Vec::new() };
        if is_org_admin {
            return grant;
        }
        let mut generous: Vec<&RoleAsRead> = roles.iter().collect();
        generous.sort_by_key(|read| {
            let limit = read.role.max_session_duration_hours.unwrap_or(u32::MAX);
            std::cmp::Reverse((limit, read.role.resource_ids.len()))
        });
        let own: BTreeSet<&ResourceId> = user.resource_ids.iter().collect();
        let mut ways: BTreeMap<&ResourceId, usize> = BTreeMap::new();
        for (place, read) in generous.iter().enumerate() {
            for id in &read.role.resource_ids {
                ways.entry(id).or_insert(place);
            }
        }
        let through_roles = resources.iter().filter(|id| !own.contains(id));
        let places: BTreeSet<usize> = through_roles.filter_map(|id| ways.get(id).copied()).collect();
        grant.roles = places.into_iter().filter_map(|place| generous.get(place).copied()).collect();
        grant
    }

    /// The number of roles that it relies on.
    pub(super) fn roles(&self) -> usize {
        self.roles.len()
    }

    /// That the person is active, in the activation of the session, and has the links that they had.
    fn person(&self, head: &SessionHead) -> Result<Expression, StoreError> {
        let active = is_in_activation(head.activation)?;
        Ok(if self.is_org_admin { active } else { active.and(has_links_of(self.user)) })
    }

    /// Requires the person to be as they were read. Where they are not, they are read again.
    pub(super) fn require_person(
        &self,
        tx: &mut Transaction<'_>,
        org: &OrgId,
        head: &SessionHead,
    ) -> Result<(), StoreError> {
        tx.require(&keys::user(org, &head.user_id), &self.person(head)?, |_| Failed::Stale);
        Ok(())
    }

    /// The same, and notes the session among those of the person that run, of which there are at most so many.
    pub(super) fn take_place(
        &self,
        tx: &mut Transaction<'_>,
        org: &OrgId,
        (head, most): (&SessionHead, u32),
    ) -> Result<(), StoreError> {
        let update = Expression::new(format!("ADD #{SESSION_IDS} :session"), [])
            .with(":session", item::set([head.id]));
        let room = format!("attribute_not_exists(#{SESSION_IDS}) OR size(#{SESSION_IDS}) < :most");
        let room = Expression::new(room, [(":most", item::number(most))]);
        let condition = self.person(head)?.and(room);
        tx.update(&keys::user(org, &head.user_id), &update, &condition, move |user| {
            let running = user.map_or(0, |user| user.set(SESSION_IDS).len());
            match u32::try_from(running) {
                Ok(running) if running < most => Failed::Stale,
                _ => Failed::Refuse(model::refusal::Refusal::TooManySessions(most)),
            }
        });
        Ok(())
    }

    /// Requires the roles to be as they were read, and asks this shard of each, so that starts do not meet at one item. Where they are
    /// not, all are read again.
    pub(super) fn require_roles_on(&self, tx: &mut Transaction<'_>, org: &OrgId, shard: u16) {
        for read in &self.roles {
            require_role(tx, org, (read.role.id, shard), read.state());
        }
    }

    /// The same, and asks the roles' own items.
    pub(super) fn require_roles(&self, tx: &mut Transaction<'_>, org: &OrgId) {
        for read in &self.roles {
            tx.require(&keys::role(org, read.role.id), &read.unchanged(), |_| Failed::Stale);
        }
    }
}

impl Store {
    /// Whether the roles of a grant are as they were read. For a transaction that has no room to ask: it requires that nothing was
    /// closed since before this look.
    pub(super) async fn has_roles_of(&self, org: &OrgId, grant: &Grant<'_>) -> Result<bool, StoreError> {
        let keys: Vec<_> = grant.roles.iter().map(|read| keys::role(org, read.role.id)).collect();
        let found = self.get_all(&keys).await?;
        let is_there = |read: &&RoleAsRead| found.iter().any(|item| read.is_as_in(item));
        Ok(found.len() == keys.len() && grant.roles.iter().all(is_there))
    }
}
