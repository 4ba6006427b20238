//! Why an operation is refused although the request was well-formed.

use crate::id::{ApiKeyId, CredentialId, ResourceId, RoleId, RuleId, SessionId, UserId};
use crate::link::{Link, LinkKind};
use crate::session_status::SessionStatus;
use crate::time::Timestamp;
use crate::violation::Violations;

/// A refusal, free of HTTP. The list is closed: a new reason is a new variant, and every format must say what it
/// answers to it.
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
    /// A session holds the resource, or may get to.
    ResourceInUse,
    /// No such session in the organization, or none of the caller's.
    SessionNotFound(SessionId),
    /// A session in this state cannot be stopped.
    SessionNotStoppable(SessionStatus),
    /// A session in this state cannot be extended.
    SessionNotExtensible(SessionStatus),
    /// The session ends at this time, and the caller expected another one.
    SessionEndsAt(Timestamp),
    /// The session was started before its owner was deactivated, and is being ended for that.
    SessionOutlived,
    /// One of the session's resources is out of its owner's reach: an extension opens it anew.
    ResourceOutOfReach(ResourceId),
    /// One of the session's resources is inactive, about to be deleted, or gone: an extension opens it anew.
    ResourceNotOpen(ResourceId),
    /// There is no resource that the caller's session would open.
    NothingToOpen,
    /// The caller's session may not open this resource, whether it exists or not.
    ResourceNotOpenable(ResourceId),
    /// A session would have more rows than one may have.
    TooManyRows,
    /// A session would need so many blocks of rows, which is more than one may have.
    TooManyBlocks {
        /// Blocks that it would need.
        needed: usize,
        /// Rules and resources that one holds; one less with an `Idempotency-Key`.
        room: usize,
    },
    /// As many session rows hold or leave a rule as one can keep account of.
    TooManyHolders,
    /// The person has so many running sessions, as many as one may have.
    TooManySessions(u32),
    /// The caller's address is not known, and they declared none.
    NoAddress,
    /// No such rule in the organization.
    RuleNotFound(RuleId),
    /// The rule is not stuck.
    RuleNotStuck,
    /// The entry of the rule cannot be read.
    RuleUnreadable,
    /// The rule waits for no attempt at the provider: it is there, as it should be.
    RuleNotWaiting,
    /// So many resources use the credential.
    CredentialInUse(usize),
    /// So many rules of the ledger were made with the credential, and are removed with it.
    CredentialHasRules(usize),
    /// As many former values of the credential are kept as one may have.
    TooManyFormerValues,
    /// Another role of the organization has that name.
    RoleNameTaken(String),
    /// The person has as many such links as one may have.
    TooManyLinks(LinkKind),
    /// Another person of the organization has that id.
    UserIdTaken(UserId),
    /// Another person of the organization has that email.
    EmailTaken(String),
    /// The person was deactivated.
    UserInactive,
    /// The person was deleted while the request was under way.
    UserDeleted,
    /// The provider said no, for this reason.
    VerificationFailed(String),
    /// The resource changed while the provider was asked about it.
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
