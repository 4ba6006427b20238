//! Links between roles, people and resources.
//!
//! A link stands on both sides, so that both are read as they are now and in one call. On the side of a role and of a
//! resource it is an item in their partition; on the side of a person it is an id in a set on their own item, because a list
//! of people in the order in which they came has no place behind a person that the writer of a link could know.

mod assign;
mod remove;
mod unassign;

pub(crate) use assign::{HANDED_WRITES, hand_over};
pub(crate) use remove::{Gone, remove_as_fits};

use model::audit::{AuditEntry, AuditEvent, AuditResult};
use model::id::{ResourceId, UserId};
use model::link::Link;
use model::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::error::{StoreError, corrupt};
use crate::table::item::Item;
use crate::table::keys::{RESOURCE_PREFIX, USER_PREFIX};

/// The members of a link.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LinkData {
    #[serde(with = "model::time::millis")]
    created_at: Timestamp,
}

fn entry(event: AuditEvent, link: &Link) -> AuditEntry {
    let (subject, subject_id, member, other) = link.recorded();
    AuditEntry {
        event,
        subject,
        subject_id,
        subject_name: None,
        result: AuditResult::Success,
        details: [(member.into(), other.into())].into_iter().collect(),
    }
}

/// What a link in a role's partition leads to.
pub(crate) enum FromRole {
    /// A resource.
    Resource(ResourceId),
    /// A person.
    User(UserId),
}

/// Reads a link in a role's partition.
pub(crate) fn from_role(item: &Item) -> Result<FromRole, StoreError> {
    let sk = item.sk()?;
    let resource = sk.strip_prefix(RESOURCE_PREFIX).and_then(|id| ResourceId::parse(id).ok());
    let user = sk.strip_prefix(USER_PREFIX).and_then(|id| UserId::parse(id).ok());
    resource
        .map(FromRole::Resource)
        .or(user.map(FromRole::User))
        .ok_or_else(|| corrupt("a key is no link of a role"))
}
