//! The making of a link.

use model::id::{OrgId, UserId};
use model::link::{Link, LinkKind, USER_LINKS_MAX};
use model::principal::Actor;
use model::refusal::Refusal;
use model::time::Timestamp;

use super::{LinkData, entry};
use crate::table::Store;
use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Entity, NewItem, number, set, text};
use crate::table::keys::{self, Assignee, Key, RESOURCE_IDS, ROLE_IDS};
use crate::table::transaction::{Failed, Transaction};

impl Store {
    /// Makes a link. One call.
    ///
    /// # Errors
    /// That the one side does not exist; then the other; `TooManyLinks` of a person; then `AlreadyAssigned`; busy or defect.
    pub async fn assign(&self, actor: &Actor, link: &Link, now: Timestamp) -> Result<(), StoreError> {
        self.idempotent(actor, now, async {
            let mut tx = Transaction::idempotent(self, actor, &(), now)?;
            count_sides(&mut tx, &actor.org, link);
            for item in items(&actor.org, link, now)? {
                let kind = link.kind();
                tx.create(item, move |_| Failed::Refuse(Refusal::AlreadyAssigned(kind)));
            }
            tx.commit(actor, &entry(link.assigned(), link), now).await?.certain().map(drop)
        })
        .await
    }
}

/// Requires that both sides exist, and tells a deletion of either that reads its links meanwhile.
fn count_sides(tx: &mut Transaction<'_>, org: &OrgId, link: &Link) {
    let (first, second) = Refusal::of_missing_sides(link);
    match link {
        Link::RoleResource(role, resource) => {
            count(tx, &keys::role(org, *role), first);
            count(tx, &keys::resource(org, *resource), second);
        }
        Link::RoleUser(role, user) => {
            count(tx, &keys::role(org, *role), first);
            add_to_user(tx, &keys::user(org, user), ROLE_IDS, &role.to_string(), (second, link.kind()));
        }
        Link::UserResource(user, resource) => {
            let id = resource.to_string();
            add_to_user(tx, &keys::user(org, user), RESOURCE_IDS, &id, (first, link.kind()));
            count(tx, &keys::resource(org, *resource), second);
        }
    }
}

fn count(tx: &mut Transaction<'_>, key: &Key, missing: Refusal) {
    tx.update(key, &one_more(), &Expression::exists(), move |_| Failed::Refuse(missing.clone()));
}

fn one_more() -> Expression {
    Expression::new("SET #linked = #linked + :one", [(":one", number(1))])
}

/// Writes that the handing over of one link costs.
pub(crate) const HANDED_WRITES: usize = 3;

/// Hands a person's link over to another person on the other side; their own items are the caller's. Out of date where the other side is
/// gone.
pub(crate) fn hand_over(
    tx: &mut Transaction<'_>,
    org: &OrgId,
    (link, heir): (&Link, &UserId),
    now: Timestamp,
) -> Result<(), StoreError> {
    let (key, former, inherited) = match link {
        Link::RoleUser(role, user) => (
            keys::role(org, *role),
            keys::member_of_role(org, *role, user),
            Link::RoleUser(*role, heir.clone()),
        ),
        Link::UserResource(user, resource) => (
            keys::resource(org, *resource),
            keys::link_of_resource(org, *resource, &Assignee::User(user.clone())),
            Link::UserResource(heir.clone(), *resource),
        ),
        Link::RoleResource(..) => return Ok(()),
    };
    tx.update(&key, &one_more(), &Expression::exists(), |_| Failed::Stale);
    tx.remove(&former);
    // The heir may have the same link already.
    for item in items(org, &inherited, now)? {
        tx.replace(item);
    }
    Ok(())
}

/// Adds an id to a set on a person's item.
fn add_to_user(
    tx: &mut Transaction<'_>,
    key: &Key,
    attribute: &str,
    id: &str,
    (missing, kind): (Refusal, LinkKind),
) {
    let update = Expression::new(
        format!("SET #linked = #linked + :one ADD #{attribute} :ids"),
        [(":one", number(1)), (":ids", set([id]))],
    );
    // A link that is there already is refused by its item on the other side, after the other side's 404.
    let room = Expression::new(
        format!(
            "attribute_exists(#pk) AND (attribute_not_exists(#{attribute}) OR size(#{attribute}) < :max \
             OR contains(#{attribute}, :id))"
        ),
        [(":max", number(USER_LINKS_MAX)), (":id", text(id))],
    );
    tx.update(key, &update, &room, move |user| match user {
        None => Failed::Refuse(missing.clone()),
        Some(_) => Failed::Refuse(Refusal::TooManyLinks(kind)),
    });
}

/// The items of a link.
fn items(org: &OrgId, link: &Link, now: Timestamp) -> Result<Vec<NewItem>, StoreError> {
    let members = LinkData { created_at: now };
    let item = |key: &Key| NewItem::new(key, Entity::Link, &members);
    Ok(match link {
        Link::RoleResource(role, resource) => {
            let on_role = keys::link_of_role(org, *role, *resource);
            let listing = keys::listed_behind(keys::roles(org), role, &on_role);
            let on_resource = keys::link_of_resource(org, *resource, &Assignee::Role(*role));
            vec![item(&on_role)?.listed(listing), item(&on_resource)?]
        }
        Link::RoleUser(role, user) => {
            let on_role = keys::member_of_role(org, *role, user);
            let listing = keys::listed_behind(keys::roles(org), role, &on_role);
            vec![item(&on_role)?.listed(listing)]
        }
        Link::UserResource(user, resource) => {
            vec![item(&keys::link_of_resource(org, *resource, &Assignee::User(user.clone())))?]
        }
    })
}
