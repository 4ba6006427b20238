//! Keys of sessions, of security groups and of the rules of the ledger.

use model::id::{OrgId, ResourceId, RuleId, SessionId, UserId};
use model::ingress::{GroupRef, Ingress};

use super::{Assignee, Key, ListingKey, assignee_partition, key, listed};

/// On a session and its further rows: the rows, by their place.
pub(crate) const ROWS: &str = "rows";
/// On further rows: whether their claims stand in the ledger.
pub(crate) const ARMED: &str = "armed";
/// On a session: present when it lost rules while it could not be read.
pub(crate) const EVICTED: &str = "evicted";
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
/// A session's partition: the session and its further rows.
#[must_use]
pub fn session_partition(org: &OrgId, id: SessionId) -> String {
    format!("ORG#{org}#SESSION#{id}")
}

/// The sort key of a session's own item.
pub(crate) const SESSION_SK: &str = "#SESSION";

/// A session, with its first block of rows.
#[must_use]
pub fn session(org: &OrgId, id: SessionId) -> Key {
    key(session_partition(org, id), SESSION_SK)
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
    key(assignee_partition(org, &Assignee::User(user.clone())), format!("{SESSION_PREFIX}{id}"))
}

/// A user's sessions are to be ended.
#[must_use]
pub fn ending(org: &OrgId, user: &UserId) -> Key {
    key(assignee_partition(org, &Assignee::User(user.clone())), "ENDING")
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
