//! Links: who may open what.

use crate::audit::{AuditEvent, AuditSubject};
use crate::id::{ResourceId, RoleId, UserId};

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

    /// The role of the link.
    #[must_use]
    pub fn role(&self) -> Option<String> {
        match self {
            Self::RoleResource(role, _) | Self::RoleUser(role, _) => Some(role.to_string()),
            Self::UserResource(..) => None,
        }
    }

    /// The person of the link.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        match self {
            Self::RoleUser(_, user) | Self::UserResource(user, _) => Some(user.to_string()),
            Self::RoleResource(..) => None,
        }
    }

    /// The resource of the link.
    #[must_use]
    pub fn resource(&self) -> Option<String> {
        match self {
            Self::RoleResource(_, resource) | Self::UserResource(_, resource) => Some(resource.to_string()),
            Self::RoleUser(..) => None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::Refusal;

    #[test]
    fn each_kind_of_link_names_its_sides_in_the_order_of_its_path() {
        let id = "550e8400-e29b-41d4-a716-446655440000";
        let (role, resource) = (RoleId::parse(id).unwrap(), ResourceId::parse(id).unwrap());
        let user = UserId::parse("ada").unwrap();
        let (no_role, no_resource) = (Refusal::RoleNotFound(role), Refusal::ResourceNotFound(resource));
        let no_user = Refusal::UserNotFound(user.clone());
        for (link, kind, missing, events, recorded) in [
            (
                Link::RoleResource(role, resource),
                LinkKind::RoleResource,
                (no_role.clone(), no_resource.clone()),
                (AuditEvent::RoleResourceAssign, AuditEvent::RoleResourceUnassign),
                (AuditSubject::Role, id, "resourceId", id),
            ),
            (
                Link::RoleUser(role, user.clone()),
                LinkKind::RoleUser,
                (no_role, no_user.clone()),
                (AuditEvent::RoleUserAssign, AuditEvent::RoleUserUnassign),
                (AuditSubject::Role, id, "userId", "ada"),
            ),
            (
                Link::UserResource(user, resource),
                LinkKind::UserResource,
                (no_user, no_resource),
                (AuditEvent::UserResourceAssign, AuditEvent::UserResourceUnassign),
                (AuditSubject::User, "ada", "resourceId", id),
            ),
        ] {
            assert_eq!((link.kind(), Refusal::of_missing_sides(&link)), (kind, missing));
            assert_eq!((link.assigned(), link.unassigned()), events);
            let (subject, first, member, second) = link.recorded();
            assert_eq!((subject, first.as_str(), member, second.as_str()), recorded);
        }
    }
}
