//! Users: a person's item has their links as sets of ids.

mod claim;
mod create;
mod delete;
mod ending;
mod enter;
mod sign_in;
mod update;

use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::id::{ActivationId, EntryId, OrgId, ResourceId, RoleId, UserId};
use model::refusal::Refusal;
use model::time::Timestamp;
use model::user::{User, email_key};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::table::Store;
use crate::table::error::{StoreError, corrupt};
use crate::table::expression::Expression;
use crate::table::idempotency::Recorded;
use crate::table::item::{Entity, Item, NewItem, data, set};
use crate::table::keys::{self, RESOURCE_IDS, ROLE_IDS, SESSION_IDS};
use crate::table::list::{Listed, PageRequest, each_object};
use crate::table::tag::Versioned;

/// The members of a user's item. The links are attributes beside them.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserData {
    id: UserId,
    email: Option<String>,
    name: Option<String>,
    is_active: bool,
    /// Missing on an item of an earlier version.
    #[serde(default)]
    is_invited: Option<bool>,
    #[serde(with = "model::time::millis")]
    created_at: Timestamp,
    #[serde(with = "model::time::millis")]
    updated_at: Timestamp,
    /// Missing on an item of an earlier version, which a condition can require.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    activation: Option<ActivationId>,
}

/// The members of an email's guard.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EmailData {
    user_id: UserId,
}

impl From<&User> for UserData {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.clone(),
            email: user.email.clone(),
            name: user.name.clone(),
            is_active: user.is_active,
            is_invited: Some(user.is_invited),
            created_at: user.created_at,
            updated_at: user.updated_at,
            activation: user.activation,
        }
    }
}

impl From<UserData> for User {
    fn from(data: UserData) -> Self {
        // An earlier version did not store it. It generated an id for each person who was known by an email only.
        let is_invited = data.is_invited.unwrap_or_else(|| data.id.is_generated(data.created_at));
        Self {
            id: data.id,
            email: data.email,
            name: data.name,
            is_active: data.is_active,
            is_invited,
            role_ids: Vec::new(),
            resource_ids: Vec::new(),
            created_at: data.created_at,
            updated_at: data.updated_at,
            entry: None,
            activation: data.activation,
        }
    }
}

/// A new user, without links.
impl Recorded for User {
    type Data = UserData;

    fn to_data(&self) -> UserData {
        self.into()
    }

    fn from_data(data: UserData) -> Result<Self, StoreError> {
        Ok(data.into())
    }
}

fn guard(org: &OrgId, user: &User, email: &str) -> Result<NewItem, StoreError> {
    let members = EmailData { user_id: user.id.clone() };
    NewItem::new(&keys::email(org, &email_key(email)), Entity::Email, &members)
}

fn entry(event: AuditEvent, user: &User, details: Map<String, Value>) -> AuditEntry {
    AuditEntry {
        event,
        subject: AuditSubject::User,
        subject_id: user.id.to_string(),
        subject_name: user.email.clone().or_else(|| user.name.clone()),
        result: AuditResult::Success,
        details,
    }
}

/// The ids of a set, in the order of their creation.
fn ids<T: Ord>(item: &Item, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, StoreError> {
    let read = |id: &String| parse(id).ok_or_else(|| corrupt(format!("{name} has what is no id")));
    let mut ids = item.set(name).iter().map(read).collect::<Result<Vec<_>, _>>()?;
    ids.sort_unstable();
    Ok(ids)
}

fn role_ids(item: &Item) -> Result<Vec<RoleId>, StoreError> {
    ids(item, ROLE_IDS, |id| RoleId::parse(id).ok())
}

fn resource_ids(item: &Item) -> Result<Vec<ResourceId>, StoreError> {
    ids(item, RESOURCE_IDS, |id| ResourceId::parse(id).ok())
}

fn user(item: &Item) -> Result<Versioned<User>, StoreError> {
    let user = User::from(item.members::<UserData>()?);
    let entry = EntryId::parse(item.listing_sk()?).map_err(|_| corrupt("a user's place is no id"))?;
    let (role_ids, resource_ids) = (role_ids(item)?, resource_ids(item)?);
    // A person with sessions has used a token with this id.
    let is_invited = user.is_invited && !item.has(SESSION_IDS);
    Versioned::of(item, User { is_invited, role_ids, resource_ids, entry: Some(entry), ..user })
}

/// A person is active, in this activation.
pub(crate) fn is_in_activation(activation: Option<ActivationId>) -> Result<Expression, StoreError> {
    let active = Expression::new("", [(":yes", data(&true)?)]);
    let (text, condition) = match activation {
        Some(id) => ("#data.#activation = :activation", active.with(":activation", data(&id)?)),
        None => ("attribute_not_exists(#data.#activation)", active),
    };
    Ok(Expression { text: format!("#data.#isActive = :yes AND {text}").into(), ..condition })
}

/// A person's links are unchanged.
pub(crate) fn has_links_of(user: &User) -> Expression {
    let roles = is_set(ROLE_IDS, &user.role_ids);
    roles.and(is_set(RESOURCE_IDS, &user.resource_ids))
}

/// A set on an item has exactly these ids.
fn is_set(name: &str, ids: &[impl ToString]) -> Expression {
    if ids.is_empty() {
        return Expression::new(format!("attribute_not_exists(#{name})"), []);
    }
    let ids = set(ids.iter().map(ToString::to_string));
    Expression::new(format!("#{name} = :{name}"), []).with(format!(":{name}"), ids)
}

impl Store {
    /// The user with this id, with their links.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn user(&self, org: &OrgId, id: &UserId) -> Result<Option<Versioned<User>>, StoreError> {
        self.get(&keys::user(org, id)).await?.as_ref().map(user).transpose()
    }

    /// An active person's user, as it is now.
    ///
    /// # Errors
    /// `UserInactive`; `UserDeleted`, because the person existed when the request began; busy or defect.
    pub(crate) async fn active_user(&self, org: &OrgId, id: &UserId) -> Result<User, StoreError> {
        let user = self.user(org, id).await?.ok_or(Refusal::UserDeleted)?.value;
        if user.is_active { Ok(user) } else { Err(Refusal::UserInactive.into()) }
    }

    /// The organization's users with their links, in the order in which they came.
    ///
    /// # Errors
    /// `Invalid` for a cursor that was not made for this list; busy or defect.
    pub async fn users_in_order_of_creation(
        &self,
        org: &OrgId,
        page: &PageRequest,
    ) -> Result<Listed<User>, StoreError> {
        let (items, next) = self.list_page(&keys::users(org), Entity::User, page).await?;
        Ok(Listed::of(each_object(&items, |item| Ok(user(item)?.value)), next))
    }
}
