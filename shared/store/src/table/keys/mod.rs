//! The table's keys and attribute names. No other folder spells one.
//!
//! | Item | Partition | Sort key | Listing |
//! |---|---|---|---|
//! | resource | the resource's | `#RESOURCE` | resources, by id |
//! | its links | the resource's | `ROLE#…`, `USER#…` | |
//! | its shards | one per shard | `#SHARD` | |
//! | role | the role's | `#ROLE` | roles, by id |
//! | its links | the role's | `RESOURCE#…`, `USER#…` | behind the role |
//! | its shards | one per shard | `#SHARD` | |
//! | user, with their links | the user's | `#USER` | users, by a place of their own |
//! | what is left of a user | the user's | `REMAINS` | |
//! | credential | the credential's | `#CREDENTIAL` | credentials, by id |
//! | its references | the credential's | `RESOURCE#…` | behind the credential |
//! | its former values | the credential's | `FORMER#…` | |
//! | a change of its value | the credential's | `CHANGE` | |
//! | role name, email | one per name | `#ROLE_NAME`, `#EMAIL` | |
//! | session | the session's | `#SESSION` | |
//! | rows beyond its first | the session's | `ROWS#…` | |
//! | a person's session | the user's | `SESSION#…` | sessions, by id |
//! | sessions to be ended | the user's | `ENDING` | |
//! | security group | the group's | `#GROUP` | |
//! | rule of the ledger | the group's | `RULE#…` | rules, by id |
//! | API key | the key's | `#API_KEY` | API keys, by id |
//! | first result | one per caller and key | `#ONCE` | |
//! | audit row | the organization's audit log | time and id | |
//! | closings of resources | one per organization | `#CLOSINGS` | |
//! | bucket of tokens | one per caller | `#BUCKET` | |
//! | failed sign-ins | one per day | minute and address | |
//! | the deployment's id | `DEPLOYMENT` | `#DEPLOYMENT` | |
//!
//! `#` sorts before every letter, so an object comes first in a query of its partition. No id contains `#` (`model::id`), so no id
//! reaches another tenant's keys. Ids are ordered by time, so a list in the order of ids is in the order of creation. A link's place in a
//! list follows from its role's id, without the time at which the role was made.
//!
//! An item that is due at a certain time is in one of the [`DUE_SHARDS`] shards of the index [`DUE`] until a worker has processed it. The
//! index spans all organizations. Only the sweeper and the reconciler read it, and it contains keys only. `tests/contract/key_table.rs`
//! prints one of each.

mod audit;
mod due;
mod rate;
mod session;

pub(crate) use audit::id_of_audit;
pub use audit::{audit, audit_between, audit_partition};
pub use due::{DUE, DUE_SHARDS, Round, due_partition, due_shard, due_time};
pub(crate) use due::{DUE_PK, DUE_SK};
pub use rate::{Payer, bucket, sign_ins};
pub(crate) use session::{
    ARMED, CREDENTIAL_ID, EVICTED, FOUND, FRESH, GENERATION, HOLDERS, LEAVING, RESOURCE_ID, REVISION, ROWS,
    SESSION_PREFIX, SESSION_SK,
};
pub use session::{
    ending, group, group_of_partition, group_partition, listed_rule, resource_of_partition, rule, rules,
    session, session_of_partition, session_of_user, session_partition, session_rows, sessions,
    user_of_partition,
};

use model::id::{ApiKeyId, CredentialId, OrgId, ResourceId, RoleId, UserId};

/// Partition key of the table.
pub const PK: &str = "pk";
/// Sort key of the table.
pub const SK: &str = "sk";
/// The index for lists.
pub const LISTING: &str = "listing";
/// Partition key of [`LISTING`].
pub const LISTING_PK: &str = "listingPk";
/// Sort key of [`LISTING`].
pub const LISTING_SK: &str = "listingSk";

/// What kind of item this is: an [`Entity`](crate::table::item::Entity).
pub(crate) const ENTITY: &str = "entity";
/// Version of the item's shape.
pub(crate) const SHAPE: &str = "shape";
/// The members of the entity.
pub(crate) const DATA: &str = "data";
/// Number of changes to the representation; the condition of every update.
pub(crate) const VERSION: &str = "version";
/// On a resource and each of its shards: number of live session rows that count there. Their sum blocks the deletion.
pub(crate) const LIVE: &str = "live";
/// On a resource: number of its shards; absent until a start counts on one.
pub(crate) const SHARDS: &str = "shards";
/// On a resource: present while it is being drained, with the milliseconds since 1970 at which that began.
pub(crate) const DRAINING: &str = "draining";
/// On a resource, role or user: number of links ever made. A deletion requires the number that it has read.
pub(crate) const LINKED: &str = "linked";
/// On a role: number of resources that were taken out of it.
pub(crate) const UNLINKED: &str = "unlinked";
/// On a credential: number of resources that use it. It blocks the deletion.
pub(crate) const USAGE: &str = "usage";
/// On a user: the ids of their roles.
pub(crate) const ROLE_IDS: &str = "roleIds";
/// On a user: the ids of the resources that they may open without a role.
pub(crate) const RESOURCE_IDS: &str = "resourceIds";
/// On a user: the ids of their running sessions, and of some that have ended.
pub(crate) const SESSION_IDS: &str = "sessionIds";
/// On a partly claimed invitation: the id of the person who may claim the rest.
pub(crate) const CLAIMANT: &str = "claimant";
/// On an API key: the digest of its text.
pub(crate) const HASH: &str = "hash";
/// On an idempotency record and on a shard of a deleted object: when it expires, in seconds since 1970. The table's time to live deletes
/// it.
pub const EXPIRES_AT: &str = "expiresAt";
/// On a credential: present while some of its resources may have its old name.
pub(crate) const RENAMING: &str = "renaming";
/// On a bucket of tokens: when it will be full, in microseconds since 1970.
pub(crate) const FULL_AT: &str = "fullAt";
/// On the note of a changed value: how often the sweeper has processed it.
pub(crate) const LOOKS: &str = "looks";
/// On a credential and on its former values: the sealed value.
pub(crate) const SECRET: &str = "secret";

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

/// A place in the listing index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingKey {
    /// Partition key of the index.
    pub pk: String,
    /// Sort key of the index.
    pub sk: String,
}

/// What a resource can be linked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignee {
    /// Everybody in a role.
    Role(RoleId),
    /// One person.
    User(UserId),
}

impl Assignee {
    const ROLE: &str = "ROLE";
    const USER: &str = "USER";

    fn parts(&self) -> (&'static str, String) {
        match self {
            Self::Role(id) => (Self::ROLE, id.to_string()),
            Self::User(id) => (Self::USER, id.to_string()),
        }
    }

    /// Reads the assignee out of the sort key of a link in a resource's partition.
    #[must_use]
    pub fn of_link(sk: &str) -> Option<Self> {
        match sk.split_once('#')? {
            (Self::ROLE, id) => RoleId::parse(id).ok().map(Self::Role),
            (Self::USER, id) => UserId::parse(id).ok().map(Self::User),
            _ => None,
        }
    }
}

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

/// A resource's partition: the resource, its links, its holds.
#[must_use]
pub fn resource_partition(org: &OrgId, id: ResourceId) -> String {
    format!("ORG#{org}#RESOURCE#{id}")
}

/// A resource.
#[must_use]
pub fn resource(org: &OrgId, id: ResourceId) -> Key {
    key(resource_partition(org, id), "#RESOURCE")
}

/// A resource's link to an assignee, on the resource's side.
#[must_use]
pub fn link_of_resource(org: &OrgId, id: ResourceId, assignee: &Assignee) -> Key {
    let (kind, assignee) = assignee.parts();
    key(resource_partition(org, id), format!("{kind}#{assignee}"))
}

/// The partition of a role or user: the object and its links.
#[must_use]
pub fn assignee_partition(org: &OrgId, assignee: &Assignee) -> String {
    let (kind, id) = assignee.parts();
    format!("ORG#{org}#{kind}#{id}")
}

/// A role or user.
#[must_use]
pub fn assignee(org: &OrgId, assignee: &Assignee) -> Key {
    let (kind, _) = assignee.parts();
    key(assignee_partition(org, assignee), format!("#{kind}"))
}

/// Prefix of the sort keys of everything that names a resource: links on the assignee's side, references.
pub(crate) const RESOURCE_PREFIX: &str = "RESOURCE#";

/// Prefix of the sort keys of a role's people.
pub(crate) const USER_PREFIX: &str = "USER#";

/// A role.
#[must_use]
pub fn role(org: &OrgId, id: RoleId) -> Key {
    assignee(org, &Assignee::Role(id))
}

/// A user.
#[must_use]
pub fn user(org: &OrgId, id: &UserId) -> Key {
    assignee(org, &Assignee::User(id.clone()))
}

/// The links that a deleted user still has on the other side.
#[must_use]
pub fn remains(org: &OrgId, id: &UserId) -> Key {
    key(assignee_partition(org, &Assignee::User(id.clone())), "REMAINS")
}

/// A shard of a resource, in a partition of its own: one partition takes 1,000 units a second.
#[must_use]
pub fn shard_of_resource(org: &OrgId, id: ResourceId, shard: u16) -> Key {
    key(format!("{}#SHARD#{shard:02}", resource_partition(org, id)), "#SHARD")
}

/// A shard of a role, in a partition of its own.
#[must_use]
pub fn shard_of_role(org: &OrgId, id: RoleId, shard: u16) -> Key {
    key(format!("{}#SHARD#{shard:02}", assignee_partition(org, &Assignee::Role(id))), "#SHARD")
}

/// A role's link to a resource, on the role's side.
#[must_use]
pub fn link_of_role(org: &OrgId, role: RoleId, id: ResourceId) -> Key {
    key(assignee_partition(org, &Assignee::Role(role)), format!("{RESOURCE_PREFIX}{id}"))
}

/// A role's link to a person, on the role's side. The other side is a set on the user.
#[must_use]
pub fn member_of_role(org: &OrgId, role: RoleId, user: &UserId) -> Key {
    key(assignee_partition(org, &Assignee::Role(role)), format!("{USER_PREFIX}{user}"))
}

/// The guard of a user's email, in the form in which emails are compared. A `#` becomes a space, which no email contains. IAM policies
/// tell kinds of partitions apart by their `#`.
#[must_use]
pub fn email(org: &OrgId, email_key: &str) -> Key {
    key(format!("ORG#{org}#EMAIL#{}", email_key.replace('#', " ")), "#EMAIL")
}

/// An API key.
#[must_use]
pub fn api_key(org: &OrgId, id: ApiKeyId) -> Key {
    key(format!("ORG#{org}#API_KEY#{id}"), "#API_KEY")
}

/// The idempotency record of a key, which is given by its digest.
#[must_use]
pub fn idempotency(org: &OrgId, user: &UserId, digest: &str) -> Key {
    key(format!("ORG#{org}#ONCE#{user}#{digest}"), "#ONCE")
}

/// The guard of a role's name.
#[must_use]
pub fn role_name(org: &OrgId, name: &str) -> Key {
    key(format!("ORG#{org}#ROLE_NAME#{name}"), "#ROLE_NAME")
}

/// A credential's partition: the credential and its references.
#[must_use]
pub fn credential_partition(org: &OrgId, id: CredentialId) -> String {
    format!("ORG#{org}#CREDENTIAL#{id}")
}

/// A credential.
#[must_use]
pub fn credential(org: &OrgId, id: CredentialId) -> Key {
    key(credential_partition(org, id), "#CREDENTIAL")
}

/// The reference of a resource to its credential.
#[must_use]
pub fn reference(org: &OrgId, id: CredentialId, resource: ResourceId) -> Key {
    key(credential_partition(org, id), format!("{RESOURCE_PREFIX}{resource}"))
}

/// A former value of a credential, by the version of the credential that had it last.
#[must_use]
pub fn former_value(org: &OrgId, id: CredentialId, version: i64) -> Key {
    key(credential_partition(org, id), format!("FORMER#{version:015}"))
}

/// The note that a credential's value changed.
#[must_use]
pub fn value_change(org: &OrgId, id: CredentialId) -> Key {
    key(credential_partition(org, id), "CHANGE")
}

/// The organization's credential that a partition key names.
#[must_use]
pub fn credential_of_partition(pk: &str) -> Option<(OrgId, CredentialId)> {
    let (org, rest) = pk.strip_prefix("ORG#")?.split_once('#')?;
    Some((OrgId::parse(org).ok()?, CredentialId::parse(rest.strip_prefix("CREDENTIAL#")?).ok()?))
}

/// A bound that lies behind an object's place in a list and all that belongs to the object: `$` follows `#`.
#[must_use]
pub fn behind(listing_sk: &str) -> String {
    format!("{listing_sk}$")
}

/// A bound that lies before a sort key and after every smaller one of the same length.
#[must_use]
pub fn before(sk: &str) -> String {
    let mut characters = sk.chars();
    let last = characters.next_back().map_or(0, |last| u32::from(last).saturating_sub(1));
    let last = char::from_u32(last).unwrap_or('\0');
    format!("{}{last}~", characters.as_str())
}

/// The organization's number of closings: how often one of its resources was closed to new sessions.
#[must_use]
pub fn closings(org: &OrgId) -> Key {
    key(format!("ORG#{org}#CLOSINGS"), "#CLOSINGS")
}

/// The deployment's own item, which is of no organization.
#[must_use]
pub fn deployment() -> Key {
    key("DEPLOYMENT".into(), "#DEPLOYMENT")
}

/// The id in an object's partition key.
pub(crate) fn id_of_partition(pk: &str) -> &str {
    pk.rsplit('#').next().unwrap_or_default()
}

/// The list of an organization's resources.
#[must_use]
pub fn resources(org: &OrgId) -> String {
    format!("ORG#{org}#RESOURCES")
}

/// The list of an organization's roles, each followed by its links.
#[must_use]
pub fn roles(org: &OrgId) -> String {
    format!("ORG#{org}#ROLES")
}

/// The list of an organization's credentials, each followed by its references.
#[must_use]
pub fn credentials(org: &OrgId) -> String {
    format!("ORG#{org}#CREDENTIALS")
}

/// The list of an organization's users, by their place in it.
#[must_use]
pub fn users(org: &OrgId) -> String {
    format!("ORG#{org}#USERS")
}

/// The list of an organization's API keys.
#[must_use]
pub fn api_keys(org: &OrgId) -> String {
    format!("ORG#{org}#API_KEYS")
}

/// An object's place in a list.
#[must_use]
pub fn listed(list: String, id: impl ToString) -> ListingKey {
    ListingKey { pk: list, sk: id.to_string() }
}

/// The place of something that belongs to an object: behind it, by its sort key in the object's partition.
#[must_use]
pub fn listed_behind(list: String, owner: impl ToString, belonging: &Key) -> ListingKey {
    ListingKey { pk: list, sk: format!("{}#{}", owner.to_string(), belonging.sk) }
}
