//! Roles: a role and its links share a partition, and follow each other in the list.

mod create;
mod delete;
mod update;

use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::id::{OrgId, RoleId};
use model::role::Role;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::directory::link::{FromRole, from_role};
use crate::table::Store;
use crate::table::error::{StoreError, corrupt};
use crate::table::expression::Expression;
use crate::table::idempotency::Recorded;
use crate::table::item::{Entity, Item, NewItem, number, owned};
use crate::table::keys::{self, Assignee, UNLINKED, VERSION};
use crate::table::list::{Listed, PageRequest, each_with_belongings};
use crate::table::tag::Versioned;

/// The members of a role's item.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoleData {
    id: RoleId,
    name: String,
    description: Option<String>,
    max_session_duration_hours: Option<u32>,
    #[serde(with = "model::time::millis")]
    created_at: Timestamp,
    #[serde(with = "model::time::millis")]
    updated_at: Timestamp,
}

/// The members of a name's guard.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoleNameData {
    role_id: RoleId,
}

impl From<&Role> for RoleData {
    fn from(role: &Role) -> Self {
        Self {
            id: role.id,
            name: role.name.clone(),
            description: role.description.clone(),
            max_session_duration_hours: role.max_session_duration_hours,
            created_at: role.created_at,
            updated_at: role.updated_at,
        }
    }
}

fn name_guard(org: &OrgId, role: &Role) -> Result<NewItem, StoreError> {
    NewItem::new(&keys::role_name(org, &role.name), Entity::RoleName, &RoleNameData { role_id: role.id })
}

fn entry(event: AuditEvent, role: &Role, details: Map<String, Value>) -> AuditEntry {
    AuditEntry {
        event,
        subject: AuditSubject::Role,
        subject_id: role.id.to_string(),
        subject_name: Some(role.name.clone()),
        result: AuditResult::Success,
        details,
    }
}

impl From<RoleData> for Role {
    fn from(data: RoleData) -> Self {
        Self {
            id: data.id,
            name: data.name,
            description: data.description,
            max_session_duration_hours: data.max_session_duration_hours,
            resource_ids: Vec::new(),
            user_ids: Vec::new(),
            created_at: data.created_at,
            updated_at: data.updated_at,
        }
    }
}

/// A new role, without links.
impl Recorded for Role {
    type Data = RoleData;

    fn to_data(&self) -> RoleData {
        self.into()
    }

    fn from_data(data: RoleData) -> Result<Self, StoreError> {
        Ok(data.into())
    }
}

/// Reads items in which each role is followed by its links. A link without its role is skipped: an index may show it first, and a
/// deletion may have been interrupted.
fn roles(items: &[Item]) -> Result<Vec<Versioned<Role>>, StoreError> {
    let with_links = |(owner, belongings): (&Item, Vec<&Item>)| {
        let mut role = Role::from(owner.members::<RoleData>()?);
        for link in belongings {
            match from_role(link)? {
                FromRole::Resource(id) => role.resource_ids.push(id),
                FromRole::User(id) => role.user_ids.push(id),
            }
        }
        Versioned::of(owner, role)
    };
    owned(items, Entity::Role)?.into_iter().map(with_links).collect()
}

/// A role with its version and the number of resources that were taken out of it.
#[derive(Debug, Clone)]
pub(crate) struct RoleAsRead {
    pub(crate) role: Role,
    version: i64,
    unlinked: Option<i64>,
}

impl RoleAsRead {
    /// The role is unchanged, apart from added resources.
    pub(crate) fn unchanged(&self) -> Expression {
        let same = Expression::new("", [(":version", number(self.version))]);
        let (text, same) = match self.unlinked {
            Some(count) => ("#unlinked = :unlinked", same.with(":unlinked", number(count))),
            None => ("attribute_not_exists(#unlinked)", same),
        };
        Expression { text: format!("#version = :version AND {text}").into(), ..same }
    }

    /// The state that its shards compare.
    pub(crate) fn state(&self) -> i64 {
        self.version + self.unlinked.unwrap_or(0)
    }

    /// Whether a role's item has the same numbers.
    pub(crate) fn is_as_in(&self, item: &Item) -> bool {
        let version = item.number(VERSION).ok();
        version == Some(self.version) && unlinked(item).ok() == Some(self.unlinked)
    }
}

/// How many resources were taken out of a role; `None` if there was none.
fn unlinked(item: &Item) -> Result<Option<i64>, StoreError> {
    if item.has(UNLINKED) { item.number(UNLINKED).map(Some) } else { Ok(None) }
}

impl Store {
    /// The role with this id, with its links and numbers. The own item is the first of the partition and is read before the links, so a
    /// removal in between changes the number.
    pub(crate) async fn role_as_read(
        &self,
        org: &OrgId,
        id: RoleId,
    ) -> Result<Option<RoleAsRead>, StoreError> {
        let items = self.query_partition(&keys::assignee_partition(org, &Assignee::Role(id))).await?;
        let own = items.iter().find(|item| item.entity == Entity::Role);
        let (Some(own), Some(role)) = (own, roles(&items)?.pop()) else { return Ok(None) };
        Ok(Some(RoleAsRead { role: role.value, version: role.version, unlinked: unlinked(own)? }))
    }

    /// The role with this id, with its links.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn role(&self, org: &OrgId, id: RoleId) -> Result<Option<Versioned<Role>>, StoreError> {
        let items = self.query_partition(&keys::assignee_partition(org, &Assignee::Role(id))).await?;
        Ok(roles(&items)?.pop())
    }

    /// The organization's roles with their links, in the order of their creation.
    ///
    /// # Errors
    /// `Invalid` for a cursor that was not made for this list; busy or defect.
    pub async fn roles_in_order_of_creation(
        &self,
        org: &OrgId,
        page: &PageRequest,
    ) -> Result<Listed<Role>, StoreError> {
        let (items, next) = self.list_page(&keys::roles(org), Entity::Role, page).await?;
        let role = |items: &[Item]| {
            let role = roles(items)?.pop().ok_or_else(|| corrupt("it is no role"))?;
            Ok(role.value)
        };
        Ok(Listed::of(each_with_belongings(items, Entity::Role, role), next))
    }
}
