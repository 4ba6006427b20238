//! Links: who may open what.

use crate::audit::{AuditEvent, AuditSubject};
use crate::id::{ResourceId, RoleId, UserId};
use crate::refusal::Refusal;

/// Most roles that a person can have, and most resources that they can be given without a role: both stand on the person's
/// own item, which holds 400 KB.
pub const USER_LINKS_MAX: usize = 2_000;

/// What a link joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// A resource in a role.
    RoleResource,
    /// A person in a role.
    RoleUser,
    /// A resource that a person may open without a role.
    UserResource,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// The role's people may open the resource.
    RoleResource(RoleId, ResourceId),
    /// The person has the role.
    RoleUser(RoleId, UserId),
    /// The person may open the resource without a role.
    UserResource(UserId, ResourceId),
}

impl Link {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> LinkKind {
        match self {
            Self::RoleResource(..) => LinkKind::RoleResource,
            Self::RoleUser(..) => LinkKind::RoleUser,
            Self::UserResource(..) => LinkKind::UserResource,
        }
    }

    /// The refusals when the one and the other side do not exist, in the API's order.
    #[must_use]
    pub fn missing(&self) -> (Refusal, Refusal) {
        match self {
            Self::RoleResource(role, resource) => {
                (Refusal::RoleNotFound(*role), Refusal::ResourceNotFound(*resource))
            }
            Self::RoleUser(role, user) => (Refusal::RoleNotFound(*role), Refusal::UserNotFound(user.clone())),
            Self::UserResource(user, resource) => {
                (Refusal::UserNotFound(user.clone()), Refusal::ResourceNotFound(*resource))
            }
        }
    }

    /// The event of making it.
    #[must_use]
    pub fn assigned(&self) -> AuditEvent {
        match self {
            Self::RoleResource(..) => AuditEvent::RoleResourceAssign,
            Self::RoleUser(..) => AuditEvent::RoleUserAssign,
            Self::UserResource(..) => AuditEvent::UserResourceAssign,
        }
    }

    /// The event of taking it away.
    #[must_use]
    pub fn unassigned(&self) -> AuditEvent {
        match self {
            Self::RoleResource(..) => AuditEvent::RoleResourceUnassign,
            Self::RoleUser(..) => AuditEvent::RoleUserUnassign,
            Self::UserResource(..) => AuditEvent::UserResourceUnassign,
        }
    }

    /// For the record: kind and id of the side that the path names first, and member and id of the other.
    #[must_use]
    pub fn recorded(&self) -> (AuditSubject, String, &'static str, String) {
        match self {
            Self::RoleResource(role, resource) => {
                (AuditSubject::Role, role.to_string(), "resourceId", resource.to_string())
            }
            Self::RoleUser(role, user) => (AuditSubject::Role, role.to_string(), "userId", user.to_string()),
            Self::UserResource(user, resource) => {
                (AuditSubject::User, user.to_string(), "resourceId", resource.to_string())
            }
        }
    }
}
