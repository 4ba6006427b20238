//! The rows of refusals: the stored state or the caller's rights do not allow the operation.

use model::credential::FORMER_VALUES_MAX;
use model::link::{LinkKind, USER_LINKS_MAX};
use model::refusal::Refusal;
use model::rule::RULE_IS_FULL;
use model::session::{BLOCKS_MAX, ROWS_MAX};
use model::violation::Violations;

use super::{Answer, conflict, forbidden, invalid_fields, not_found, precondition_failed};

/// The row of a refusal.
pub(crate) fn of_refusal(refusal: &Refusal) -> Answer {
    match refusal {
        Refusal::ResourceNotFound(id) => {
            not_found("RESOURCE_NOT_FOUND", format!("Resource not found with id: {id}"))
                .sentence_in_k(format!("Resource with ID {id} not found"))
        }
        Refusal::RoleNotFound(id) => not_found("ROLE_NOT_FOUND", format!("Role not found with id: {id}"))
            .sentence_in_k(format!("Role with ID {id} not found")),
        Refusal::CredentialNotFound(id) => {
            not_found("CREDENTIAL_NOT_FOUND", format!("Credential not found with id: {id}"))
                .sentence_in_k(format!("Credential with ID {id} not found"))
        }
        Refusal::UserNotFound(id) => not_found("USER_NOT_FOUND", format!("User not found with id: {id}")),
        Refusal::ApiKeyNotFound(id) => {
            not_found("API_KEY_NOT_FOUND", format!("API key not found with id: {id}"))
        }
        Refusal::SessionNotFound(id) => {
            not_found("SESSION_NOT_FOUND", format!("Session not found with id: {id}"))
        }
        Refusal::RuleNotFound(id) => not_found("RULE_NOT_FOUND", format!("Rule not found with id: {id}")),
        // A hidden resource is answered like a missing one.
        Refusal::ResourceNotOpenable(id) => {
            not_found("RESOURCE_NOT_FOUND", format!("Resource not found with id: {id}"))
        }
        Refusal::NotAssigned(kind) => {
            let (what, to_what) = sides(*kind);
            not_found("NOT_ASSIGNED", format!("{what} not assigned to this {to_what}"))
        }
        Refusal::AlreadyAssigned(kind) => {
            let (what, to_what) = sides(*kind);
            conflict("ALREADY_ASSIGNED", format!("{what} already assigned to this {to_what}"))
        }
        Refusal::TooManyLinks(kind) => {
            let links = counted(*kind);
            conflict("TOO_MANY_LINKS", format!("A user can have at most {USER_LINKS_MAX} {links}"))
        }
        Refusal::UserIdTaken(id) => {
            conflict("USER_ID_TAKEN", format!("A user with id '{id}' already exists"))
        }
        Refusal::EmailTaken(email) => {
            conflict("EMAIL_TAKEN", format!("A user with email '{email}' already exists"))
        }
        Refusal::RoleNameTaken(name) => {
            conflict("ROLE_NAME_TAKEN", format!("A role with name '{name}' already exists"))
        }
        Refusal::UserInactive => forbidden("USER_INACTIVE", "This user was deactivated"),
        Refusal::UserDeleted => forbidden("USER_DELETED", "This user was deleted"),
        Refusal::PreconditionFailed => {
            precondition_failed("The object is not in the state that If-Match names")
        }
        Refusal::SessionEndsAt(end) => {
            precondition_failed(format!("The session ends at {end}, which is not expectedExpiresAt"))
        }
        Refusal::IdempotencyKeyReused => {
            conflict("IDEMPOTENCY_KEY_REUSED", "Idempotency-Key was used before for another request")
        }
        Refusal::Invalid(violations) => invalid_fields(fields(violations), fields(violations)),
        Refusal::VerificationFailed(reason) => conflict("VERIFICATION_FAILED", reason.as_str()),
        Refusal::VerificationOutdated => {
            conflict("VERIFICATION_OUTDATED", "The resource changed while it was being verified, try again")
        }
        Refusal::ResourceInUse => conflict("RESOURCE_IN_USE", "Resource has active sessions")
            .sentence_in_k("Cannot delete resource with active sessions. Stop all active sessions first."),
        Refusal::SessionNotStoppable(status) => {
            let status = status.as_str();
            conflict("SESSION_NOT_STOPPABLE", format!("A session that is {status} cannot be stopped"))
        }
        Refusal::SessionNotExtensible(status) => {
            let status = status.as_str();
            conflict("SESSION_NOT_EXTENSIBLE", format!("A session that is {status} cannot be extended"))
        }
        Refusal::SessionOutlived => conflict(
            "SESSION_NOT_EXTENSIBLE",
            "A session that was started before its owner was deactivated cannot be extended: it is being ended",
        ),
        Refusal::ResourceOutOfReach(id) => conflict(
            "RESOURCE_OUT_OF_REACH",
            format!("The session cannot be extended: resource {id} is out of your reach"),
        ),
        Refusal::ResourceNotOpen(id) => conflict(
            "RESOURCE_NOT_OPEN",
            format!("The session cannot be extended: resource {id} is not active, or is being deleted"),
        ),
        Refusal::NothingToOpen => {
            conflict("NOTHING_TO_OPEN", "There is no active resource that you may open")
        }
        Refusal::TooManyRows => conflict(
            "TOO_MANY_ROWS",
            format!(
                "A session has at most {ROWS_MAX} rows, one for each resource and address: name resourceIds"
            ),
        ),
        Refusal::TooManyBlocks { needed, room } => conflict(
            "TOO_MANY_BLOCKS",
            format!(
                "The session would need {needed} blocks of at most {room} rules and resources each, and a \
                 session has at most {BLOCKS_MAX}: name fewer resourceIds"
            ),
        ),
        Refusal::TooManyHolders => conflict("TOO_MANY_HOLDERS", RULE_IS_FULL),
        Refusal::TooManySessions(most) => {
            let sessions = if *most == 1 { "session" } else { "sessions" };
            conflict(
                "TOO_MANY_SESSIONS",
                format!("You have {most} running {sessions}, as many as one person may have: stop one first"),
            )
        }
        Refusal::NoAddress => {
            conflict("NO_ADDRESS", "Your address is not known: name ipv4Address or ipv6Address")
        }
        Refusal::RuleNotStuck => conflict("RULE_NOT_STUCK", "Only a rule that is stuck can be resolved"),
        Refusal::RuleUnreadable => {
            conflict("RULE_UNREADABLE", "The rule's entry cannot be read and must be repaired first")
        }
        Refusal::RuleNotWaiting => {
            conflict("RULE_NOT_WAITING", "Only a rule that waits for an attempt can be tried again")
        }
        Refusal::CredentialInUse(count) => {
            let resources = if *count == 1 { "resource" } else { "resources" };
            conflict(
                "CREDENTIAL_IN_USE",
                format!(
                    "Cannot delete credential linked to {count} {resources}. Delete or reassign them first"
                ),
            )
        }
        Refusal::CredentialHasRules(count) => {
            let (rules, they) = if *count == 1 { ("rule was", "It") } else { ("rules were", "They") };
            conflict(
                "CREDENTIAL_HAS_RULES",
                format!(
                    "Cannot delete credential that {count} {rules} made with. {they} must be removed first"
                ),
            )
        }
        Refusal::TooManyFormerValues => conflict(
            "TOO_MANY_FORMER_VALUES",
            format!(
                "This credential has {FORMER_VALUES_MAX} former values, which stay until no rule needs them. \
                 Try again in some minutes"
            ),
        ),
    }
}

fn fields(violations: &Violations) -> Vec<(String, String)> {
    violations.iter().map(|(field, sentence)| (field.into(), sentence.into())).collect()
}

/// What is assigned to what.
fn sides(kind: LinkKind) -> (&'static str, &'static str) {
    match kind {
        LinkKind::RoleResource => ("Resource", "role"),
        LinkKind::RoleUser => ("User", "role"),
        LinkKind::UserResource => ("Resource", "user"),
    }
}

/// What a link gives a user, in the plural.
fn counted(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::RoleUser => "roles",
        LinkKind::RoleResource | LinkKind::UserResource => "resources of their own",
    }
}
