//! Why an operation is refused although the request was well-formed.

use crate::id::{CredentialId, ResourceId, RoleId};
use crate::violation::Violations;

/// A refusal, free of HTTP. The list is closed: a new reason is a new variant, and every face must say what it
/// answers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No such resource in the organization.
    ResourceNotFound(ResourceId),
    /// No such role in the organization.
    RoleNotFound(RoleId),
    /// No such credential in the organization.
    CredentialNotFound(CredentialId),
    /// The role does not reach the resource.
    ResourceNotAssigned,
    /// The role reaches the resource already.
    ResourceAlreadyAssigned,
    /// A session holds the resource, or may get to.
    ResourceInUse,
    /// The resource takes no part in new sessions.
    ResourceInactive,
    /// A session row holds the resource already.
    AlreadyHeld,
    /// The session row does not hold the resource.
    NotHeld,
    /// So many resources use the credential.
    CredentialInUse(usize),
    /// Another role of the organization has that name.
    RoleNameTaken(String),
    /// Members that do not fit what is stored.
    Invalid(Violations),
}

impl From<Violations> for Refusal {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}
