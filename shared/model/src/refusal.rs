//! Why an operation is refused although the request was well-formed.

use crate::id::{ApiKeyId, CredentialId, ResourceId, RoleId, RuleId, SessionId, UserId};
use crate::link::{Link, LinkKind};
use crate::session_status::SessionStatus;
use crate::time::Timestamp;
use crate::violation::Violations;

/// A refusal, independent of HTTP. A new reason is a new variant, and every error format must give it an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No such resource in the organization.
    ResourceNotFound(ResourceId),
    /// No such role in the organization.
    RoleNotFound(RoleId),
    /// No such credential in the organization.
    CredentialNotFound(CredentialId),
    /// No such person in the organization.
    UserNotFound(UserId),
    /// No such API key in the organization.
    ApiKeyNotFound(ApiKeyId),
    /// There is no such link.
    NotAssigned(LinkKind),
    /// There is that link already.
    AlreadyAssigned(LinkKind),
    /// A session holds the resource.
    ResourceInUse,
    /// No such session in the organization, or not the caller's.
    SessionNotFound(SessionId),
    /// A session in this state cannot be stopped.
    SessionNotStoppable(SessionStatus),
    /// A session in this state cannot be extended.
    SessionNotExtensible(SessionStatus),
    /// The session ends at this time, and not at the one that the caller expected.
    SessionEndsAt(Timestamp),
    /// The session is from before a deactivation of its owner, which ends it.
    SessionOutlived,
    /// The owner may not open one of the session's resources any more. An extension would grant it again.
    ResourceOutOfReach(ResourceId),
    /// One of the session's resources is inactive, being drained, or gone. An extension would grant it again.
    ResourceNotOpen(ResourceId),
    /// The caller has no accessible resources.
    NothingToOpen,
    /// The caller may not open this resource, whether it exists or not.
    ResourceNotOpenable(ResourceId),
    /// A session would have more rows than one may have.
    TooManyRows,
    /// A session would need more blocks of rows than one may have.
    TooManyBlocks {
        /// Blocks that it would need.
        needed: usize,
        /// Rules and resources that one holds; one less with an `Idempotency-Key`.
        room: usize,
    },
    /// A rule has as many holding and leaving rows as its entry can have.
    TooManyHolders,
    /// The person has this many running sessions, the most that are allowed.
    TooManySessions(u32),
    /// The caller's address is unknown, and they declared none.
    NoAddress,
    /// No such rule in the organization.
    RuleNotFound(RuleId),
    /// The rule is not stuck.
    RuleNotStuck,
    /// The entry of the rule cannot be read.
    RuleUnreadable,
    /// The rule does not wait for an attempt: it is as it should be.
    RuleNotWaiting,
    /// So many resources use the credential.
    CredentialInUse(usize),
    /// So many rules were made with the credential, and need it for their removal.
    CredentialHasRules(usize),
    /// The credential has the most former values that are kept.
    TooManyFormerValues,
    /// Another role of the organization has that name.
    RoleNameTaken(String),
    /// The person has the most links of this kind that are allowed.
    TooManyLinks(LinkKind),
    /// Another person of the organization has that id.
    UserIdTaken(UserId),
    /// Another person of the organization has that email.
    EmailTaken(String),
    /// The person was deactivated.
    UserInactive,
    /// The person was deleted while the request was under way.
    UserDeleted,
    /// The provider refused, for this reason.
    VerificationFailed(String),
    /// The resource changed during its verification.
    VerificationOutdated,
    /// `If-Match` names another state than the present one.
    PreconditionFailed,
    /// The `Idempotency-Key` belongs to a request with another body.
    IdempotencyKeyReused,
    /// Members that do not fit what is stored.
    Invalid(Violations),
}

impl Refusal {
    /// The refusals for a link whose first or second side does not exist, in the API's order.
    #[must_use]
    pub fn of_missing_sides(link: &Link) -> (Self, Self) {
        match link {
            Link::RoleResource(role, resource) => {
                (Self::RoleNotFound(*role), Self::ResourceNotFound(*resource))
            }
            Link::RoleUser(role, user) => (Self::RoleNotFound(*role), Self::UserNotFound(user.clone())),
            Link::UserResource(user, resource) => {
                (Self::UserNotFound(user.clone()), Self::ResourceNotFound(*resource))
            }
        }
    }
}

impl From<Violations> for Refusal {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}
