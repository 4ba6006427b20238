//! ErrorFormat K: `{"error": "<CODE>", "message": "…", "timestamp": "…"}` (seeds `PATCH` and `DELETE /resources/{id}`).

use auth::InvalidToken;
use model::refusal::Refusal;
use model::time::Timestamp;
use serde_json::Value;

use super::{common_message, object};
use crate::failure::{Failure, Unauthenticated};

pub(super) fn body(failure: &Failure, now: Timestamp) -> Value {
    object([
        ("error", code(failure).into()),
        ("message", common_message(failure, sentence).into()),
        ("timestamp", now.to_string().into()),
    ])
}

/// The code in the header of every format. It is that of the body here, but for a claim: the body's code for 401 is older than that one.
pub(super) fn header(failure: &Failure) -> &'static str {
    let is_claim =
        matches!(failure, Failure::Unauthenticated(Unauthenticated::Invalid(InvalidToken::Claim(_))));
    if is_claim { "UNUSABLE_CLAIM" } else { code(failure) }
}

fn code(failure: &Failure) -> &'static str {
    match failure {
        Failure::Unauthenticated(_) => "UNAUTHORIZED",
        Failure::Forbidden(_) => "FORBIDDEN",
        Failure::UnknownSource(_) => "UNKNOWN_SOURCE",
        Failure::NoRoute | Failure::NoPage | Failure::NoSuchId => "NOT_FOUND",
        Failure::MethodNotAllowed { .. } => "METHOD_NOT_ALLOWED",
        Failure::BodyTooLarge { .. } => "PAYLOAD_TOO_LARGE",
        Failure::UriTooLong { .. } => "URI_TOO_LONG",
        Failure::HeadersTooLarge { .. } => "HEADERS_TOO_LARGE",
        Failure::UnsupportedMediaType(_) => "UNSUPPORTED_MEDIA_TYPE",
        Failure::TooManyRequests { .. } => "RATE_LIMIT_EXCEEDED",
        Failure::Malformed(_) | Failure::NotAnObject(_) | Failure::Parameters(_) => "VALIDATION_ERROR",
        Failure::Refused(refusal) => refusal_code(refusal),
        Failure::Unavailable(_) => "SERVICE_UNAVAILABLE",
        Failure::Internal(_) => "INTERNAL_ERROR",
    }
}

pub(super) fn refusal_code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::ResourceNotFound(_) => "RESOURCE_NOT_FOUND",
        Refusal::RoleNotFound(_) => "ROLE_NOT_FOUND",
        Refusal::CredentialNotFound(_) => "CREDENTIAL_NOT_FOUND",
        Refusal::UserNotFound(_) => "USER_NOT_FOUND",
        Refusal::ApiKeyNotFound(_) => "API_KEY_NOT_FOUND",
        Refusal::NotAssigned(_) => "NOT_ASSIGNED",
        Refusal::AlreadyAssigned(_) => "ALREADY_ASSIGNED",
        Refusal::TooManyLinks(_) => "TOO_MANY_LINKS",
        Refusal::UserIdTaken(_) => "USER_ID_TAKEN",
        Refusal::EmailTaken(_) => "EMAIL_TAKEN",
        Refusal::UserInactive => "USER_INACTIVE",
        Refusal::UserDeleted => "USER_DELETED",
        Refusal::VerificationFailed(_) => "VERIFICATION_FAILED",
        Refusal::VerificationOutdated => "VERIFICATION_OUTDATED",
        Refusal::PreconditionFailed | Refusal::SessionEndsAt(_) => "PRECONDITION_FAILED",
        Refusal::IdempotencyKeyReused => "IDEMPOTENCY_KEY_REUSED",
        Refusal::ResourceInUse => "RESOURCE_IN_USE",
        Refusal::SessionNotFound(_) => "SESSION_NOT_FOUND",
        Refusal::SessionNotStoppable(_) => "SESSION_NOT_STOPPABLE",
        Refusal::SessionNotExtensible(_) | Refusal::SessionOutlived => "SESSION_NOT_EXTENSIBLE",
        Refusal::ResourceOutOfReach(_) => "RESOURCE_OUT_OF_REACH",
        Refusal::ResourceNotOpen(_) => "RESOURCE_NOT_OPEN",
        Refusal::NothingToOpen => "NOTHING_TO_OPEN",
        Refusal::ResourceNotOpenable(_) => "RESOURCE_NOT_FOUND",
        Refusal::TooManyRows => "TOO_MANY_ROWS",
        Refusal::TooManyBlocks { .. } => "TOO_MANY_BLOCKS",
        Refusal::TooManyHolders => "TOO_MANY_HOLDERS",
        Refusal::TooManySessions(_) => "TOO_MANY_SESSIONS",
        Refusal::NoAddress => "NO_ADDRESS",
        Refusal::RuleNotFound(_) => "RULE_NOT_FOUND",
        Refusal::RuleNotStuck => "RULE_NOT_STUCK",
        Refusal::RuleUnreadable => "RULE_UNREADABLE",
        Refusal::RuleNotWaiting => "RULE_NOT_WAITING",
        Refusal::CredentialInUse(_) => "CREDENTIAL_IN_USE",
        Refusal::CredentialHasRules(_) => "CREDENTIAL_HAS_RULES",
        Refusal::TooManyFormerValues => "TOO_MANY_FORMER_VALUES",
        Refusal::RoleNameTaken(_) => "ROLE_NAME_TAKEN",
        Refusal::Invalid(_) => "VALIDATION_ERROR",
    }
}

fn sentence(refusal: &Refusal) -> String {
    match refusal {
        Refusal::ResourceNotFound(id) => format!("Resource with ID {id} not found"),
        Refusal::RoleNotFound(id) => format!("Role with ID {id} not found"),
        Refusal::CredentialNotFound(id) => format!("Credential with ID {id} not found"),
        Refusal::ResourceInUse => {
            "Cannot delete resource with active sessions. Stop all active sessions first.".into()
        }
        Refusal::UserNotFound(_)
        | Refusal::ApiKeyNotFound(_)
        | Refusal::NotAssigned(_)
        | Refusal::AlreadyAssigned(_)
        | Refusal::TooManyLinks(_)
        | Refusal::UserIdTaken(_)
        | Refusal::EmailTaken(_)
        | Refusal::UserInactive
        | Refusal::UserDeleted
        | Refusal::VerificationFailed(_)
        | Refusal::VerificationOutdated
        | Refusal::PreconditionFailed
        | Refusal::IdempotencyKeyReused
        | Refusal::SessionNotFound(_)
        | Refusal::SessionNotStoppable(_)
        | Refusal::SessionNotExtensible(_)
        | Refusal::SessionEndsAt(_)
        | Refusal::SessionOutlived
        | Refusal::ResourceOutOfReach(_)
        | Refusal::ResourceNotOpen(_)
        | Refusal::NothingToOpen
        | Refusal::ResourceNotOpenable(_)
        | Refusal::TooManyRows
        | Refusal::TooManyBlocks { .. }
        | Refusal::TooManyHolders
        | Refusal::TooManySessions(_)
        | Refusal::NoAddress
        | Refusal::RuleNotFound(_)
        | Refusal::RuleNotStuck
        | Refusal::RuleUnreadable
        | Refusal::RuleNotWaiting
        | Refusal::CredentialInUse(_)
        | Refusal::CredentialHasRules(_)
        | Refusal::TooManyFormerValues
        | Refusal::RoleNameTaken(_) => super::reason::sentence(refusal),
        Refusal::Invalid(violations) => {
            let sentences: Vec<&str> = violations.iter().map(|(_, sentence)| sentence).collect();
            sentences.join("; ")
        }
    }
}
