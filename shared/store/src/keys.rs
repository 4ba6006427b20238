//! The table's keys and attribute names: the only file that spells one.
//!
//! | Item | Partition | Sort key | Listing |
//! |---|---|---|---|
//! | resource | the resource's | `#RESOURCE` | resources, by id |
//! | its links | the resource's | `ROLE#…`, `USER#…` | |
//! | role | the role's | `#ROLE` | roles, by id |
//! | its links | the role's | `RESOURCE#…`, `USER#…` | behind the role |
//! | user, with their links | the user's | `#USER` | users, by a place of their own |
//! | what is left of a user | the user's | `REMAINS` | |
//! | credential | the credential's | `#CREDENTIAL` | credentials, by id |
//! | its references | the credential's | `RESOURCE#…` | behind the credential |
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
//!
//! `#` sorts before every letter, so that an object comes first in a query of its partition. No id contains `#`
//! (`model::id`), so that no id can reach another tenant's keys. Ids are ordered by time, so that a listing by id
//! is one in the order of creation, and a link can stand behind its role in the listing without knowing when the
//! role was made.
//!
//! What has to be looked after at a certain time stands in the index [`DUE`] as well, in one of [`DUE_SHARDS`] parts, until it
//! has been looked after. That index belongs to Postern and not to an organization: only the sweeper and the reconciler read it,
//! and take nothing from it but keys. `tests/contract/key_table.rs` prints one of each.

use model::id::{ApiKeyId, AuditId, CredentialId, OrgId, ResourceId, RoleId, RuleId, SessionId, UserId};
use model::ingress::{GroupRef, Ingress};
use model::time::Timestamp;

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

/// The index of what is due, which has the keys alone.
pub const DUE: &str = "due";
/// Partition key of [`DUE`].
pub const DUE_PK: &str = "duePk";
/// Sort key of [`DUE`]: milliseconds since 1970.
pub const DUE_SK: &str = "dueSk";
/// Parts of [`DUE`], so that no single partition takes all of it. DynamoDB writes 1,000 units a second to one.
pub const DUE_SHARDS: u8 = 8;

/// What kind of item this is: an [`Entity`](crate::item::Entity).
pub(crate) const ENTITY: &str = "entity";
/// Version of the item's shape.
pub(crate) const SHAPE: &str = "shape";
/// The members of the entity.
pub(crate) const DATA: &str = "data";
/// Number of changes to the representation; the condition of every update.
pub(crate) const VERSION: &str = "version";
/// On a resource: number of live session rows. It blocks the deletion.
pub(crate) const LIVE: &str = "live";
/// On a resource: present while it is being drained, with the milliseconds since 1970 at which that began.
pub(crate) const DRAINING: &str = "draining";
/// On a session and its further rows: the rows, by their place.
pub(crate) const ROWS: &str = "rows";
/// On further rows: whether their claims stand in the ledger.
pub(crate) const ARMED: &str = "armed";
/// On a rule: who holds it.
pub(crate) const HOLDERS: &str = "holders";
/// On a rule: holders that were not told yet that it is there.
pub(crate) const FRESH: &str = "fresh";
/// On a rule: former holders that were not told yet that it is gone.
pub(crate) const LEAVING: &str = "leaving";
/// On a rule: number of changes of who holds it.
pub(crate) const GENERATION: &str = "generation";
/// On a rule: number of findings on its presence.
pub(crate) const REVISION: &str = "revision";
/// On a rule: what is known of it in the cloud.
pub(crate) const FOUND: &str = "found";
/// On a rule and a group: the credential with which to ask.
pub(crate) const CREDENTIAL_ID: &str = "credentialId";
/// On a rule and a group: the resource for which to ask.
pub(crate) const RESOURCE_ID: &str = "resourceId";
/// On a resource, role or user: number of links ever made. A deletion that saw fewer links does not happen.
pub(crate) const LINKED: &str = "linked";
/// On a credential: number of resources that use it. It blocks the deletion.
pub(crate) const USAGE: &str = "usage";
/// On a user: the ids of their roles.
pub(crate) const ROLE_IDS: &str = "roleIds";
/// On a user: the ids of the resources that they may open without a role.
pub(crate) const RESOURCE_IDS: &str = "resourceIds";
/// On an API key: the digest of its text.
pub(crate) const HASH: &str = "hash";
/// On a first result: seconds since 1970, after which it counts no longer. The table's time to live tidies up.
pub const EXPIRES_AT: &str = "expiresAt";
/// On a credential: present while some of its resources may still carry its old name.
pub(crate) const RENAMING: &str = "renaming";
/// On a credential: the sealed value.
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
pub enum Holder {
    /// Everybody in a role.
    Role(RoleId),
    /// One person.
    User(UserId),
}

impl Holder {
    const ROLE: &str = "ROLE";
    const USER: &str = "USER";

    fn parts(&self) -> (&'static str, String) {
        match self {
            Self::Role(id) => (Self::ROLE, id.to_string()),
            Self::User(id) => (Self::USER, id.to_string()),
        }
    }

    /// Reads the holder out of the sort key of a link in a resource's partition.
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

/// A resource's link to a holder, on the resource's side.
#[must_use]
pub fn link_of_resource(org: &OrgId, id: ResourceId, holder: &Holder) -> Key {
    let (kind, holder) = holder.parts();
    key(resource_partition(org, id), format!("{kind}#{holder}"))
}

/// A session's partition: the session and its further rows.
#[must_use]
pub fn session_partition(org: &OrgId, id: SessionId) -> String {
    format!("ORG#{org}#SESSION#{id}")
}

/// A session, with its first block of rows.
#[must_use]
pub fn session(org: &OrgId, id: SessionId) -> Key {
    key(session_partition(org, id), "#SESSION")
}

/// A further block of a session's rows; the first one is 1.
#[must_use]
pub fn session_rows(org: &OrgId, id: SessionId, block: u16) -> Key {
    key(session_partition(org, id), format!("ROWS#{block:04}"))
}

/// The prefix of the sort keys of a person's sessions.
pub(crate) const SESSION_PREFIX: &str = "SESSION#";

/// A session's place among those of its owner.
#[must_use]
pub fn session_of_user(org: &OrgId, user: &UserId, id: SessionId) -> Key {
    key(holder_partition(org, &Holder::User(user.clone())), format!("{SESSION_PREFIX}{id}"))
}

/// A user's sessions are to be ended.
#[must_use]
pub fn ending(org: &OrgId, user: &UserId) -> Key {
    key(holder_partition(org, &Holder::User(user.clone())), "ENDING")
}

/// The partition of a security group: the group and the rules of the ledger that are in it.
#[must_use]
pub fn group_partition(org: &OrgId, group: &GroupRef) -> String {
    let GroupRef { region, group_id } = group;
    format!("ORG#{org}#GROUP#{region}#{group_id}")
}

/// A security group.
#[must_use]
pub fn group(org: &OrgId, group: &GroupRef) -> Key {
    key(group_partition(org, group), "#GROUP")
}

/// A rule of the ledger.
#[must_use]
pub fn rule(org: &OrgId, group: &GroupRef, ingress: &Ingress) -> Key {
    key(group_partition(org, group), format!("RULE#{ingress}"))
}

/// The organization's security group that a partition key names.
#[must_use]
pub fn group_of_partition(pk: &str) -> Option<(OrgId, GroupRef)> {
    let (org, rest) = pk.strip_prefix("ORG#")?.split_once('#')?;
    let (region, group_id) = rest.strip_prefix("GROUP#")?.split_once('#')?;
    Some((OrgId::parse(org).ok()?, GroupRef { region: region.into(), group_id: group_id.into() }))
}

/// The organization's session that a partition key names.
#[must_use]
pub fn session_of_partition(pk: &str) -> Option<(OrgId, SessionId)> {
    let (org, rest) = pk.strip_prefix("ORG#")?.split_once('#')?;
    Some((OrgId::parse(org).ok()?, SessionId::parse(rest.strip_prefix("SESSION#")?).ok()?))
}

/// The organization's user that a partition key names.
#[must_use]
pub fn user_of_partition(pk: &str) -> Option<(OrgId, UserId)> {
    let (org, rest) = pk.strip_prefix("ORG#")?.split_once('#')?;
    Some((OrgId::parse(org).ok()?, UserId::parse(rest.strip_prefix("USER#")?).ok()?))
}

/// The organization's resource that a partition key names.
#[must_use]
pub fn resource_of_partition(pk: &str) -> Option<(OrgId, ResourceId)> {
    let (org, rest) = pk.strip_prefix("ORG#")?.split_once('#')?;
    Some((OrgId::parse(org).ok()?, ResourceId::parse(rest.strip_prefix("RESOURCE#")?).ok()?))
}

/// What looks after items that are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// The sweeper's, each minute.
    Sweep,
    /// The reconciler's, each hour.
    Reconcile,
}

/// A part of what is due.
#[must_use]
pub fn due_partition(round: Round, shard: u8) -> String {
    let round = match round {
        Round::Sweep => "SWEEP",
        Round::Reconcile => "RECONCILE",
    };
    format!("DUE#{round}#{shard}")
}

/// The part to which an item belongs.
#[must_use]
pub fn due_shard(key: &Key) -> u8 {
    let sum = key
        .pk
        .bytes()
        .chain(key.sk.bytes())
        .fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    u8::try_from(sum % u32::from(DUE_SHARDS)).unwrap_or(0)
}

/// A time as a sort key of [`DUE`].
#[must_use]
pub fn due_time(at: Timestamp) -> String {
    format!("{:015}", at.unix_millis().max(0))
}

/// The partition of a role or user: the object and its links.
#[must_use]
pub fn holder_partition(org: &OrgId, holder: &Holder) -> String {
    let (kind, id) = holder.parts();
    format!("ORG#{org}#{kind}#{id}")
}

/// A role or user.
#[must_use]
pub fn holder(org: &OrgId, holder: &Holder) -> Key {
    let (kind, _) = holder.parts();
    key(holder_partition(org, holder), format!("#{kind}"))
}

/// Prefix of the sort keys of everything that names a resource: links on the holder's side, references.
pub(crate) const RESOURCE_PREFIX: &str = "RESOURCE#";

/// Prefix of the sort keys of a role's people.
pub(crate) const USER_PREFIX: &str = "USER#";

/// A role.
#[must_use]
pub fn role(org: &OrgId, id: RoleId) -> Key {
    holder(org, &Holder::Role(id))
}

/// A user.
#[must_use]
pub fn user(org: &OrgId, id: &UserId) -> Key {
    holder(org, &Holder::User(id.clone()))
}

/// The links that a deleted user still has on the other side.
#[must_use]
pub fn remains(org: &OrgId, id: &UserId) -> Key {
    key(holder_partition(org, &Holder::User(id.clone())), "REMAINS")
}

/// A role's link to a resource, on the role's side.
#[must_use]
pub fn link_of_role(org: &OrgId, role: RoleId, id: ResourceId) -> Key {
    key(holder_partition(org, &Holder::Role(role)), format!("{RESOURCE_PREFIX}{id}"))
}

/// A role's link to a person, on the role's side. The other side is a set on the user.
#[must_use]
pub fn member_of_role(org: &OrgId, role: RoleId, user: &UserId) -> Key {
    key(holder_partition(org, &Holder::Role(role)), format!("{USER_PREFIX}{user}"))
}

/// The guard of a user's email, in the form in which emails are compared.
#[must_use]
pub fn email(org: &OrgId, email_key: &str) -> Key {
    key(format!("ORG#{org}#EMAIL#{email_key}"), "#EMAIL")
}

/// An API key.
#[must_use]
pub fn api_key(org: &OrgId, id: ApiKeyId) -> Key {
    key(format!("ORG#{org}#API_KEY#{id}"), "#API_KEY")
}

/// The first result of a request with an `Idempotency-Key`, given by the digest of the key.
#[must_use]
pub fn once(org: &OrgId, user: &UserId, digest: &str) -> Key {
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

/// The partition of an organization's audit log.
#[must_use]
pub fn audit_partition(org: &OrgId) -> String {
    format!("ORG#{org}#AUDIT")
}

/// An audit row. Milliseconds have 15 digits, enough to sort until the year 33658.
#[must_use]
pub fn audit(org: &OrgId, at: Timestamp, id: AuditId) -> Key {
    key(audit_partition(org), format!("{:015}#{id}", at.unix_millis()))
}

/// The bounds of the sort keys of audit rows from one time to another, both included.
#[must_use]
pub fn audit_between(from: Option<Timestamp>, to: Option<Timestamp>) -> (String, String) {
    let bound = |time: Timestamp| format!("{:015}", time.unix_millis().max(0));
    // `~` sorts after the `#` that follows the time.
    (
        from.map_or_else(|| String::from("0"), bound),
        to.map_or_else(|| String::from("~"), |to| bound(to) + "~"),
    )
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

/// The list of an organization's sessions.
#[must_use]
pub fn sessions(org: &OrgId) -> String {
    format!("ORG#{org}#SESSIONS")
}

/// The list of an organization's rules.
#[must_use]
pub fn rules(org: &OrgId) -> String {
    format!("ORG#{org}#RULES")
}

/// A rule's place in the list.
#[must_use]
pub fn listed_rule(org: &OrgId, id: RuleId) -> ListingKey {
    listed(rules(org), id)
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
