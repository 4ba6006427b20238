//! ErrorFormat R: `{"timestamp", "status", "error": "<reason phrase>", "message", "path"}`, and for a validation 400 also
//! `validationErrors` (seeds `POST` and `DELETE /roles/{id}/resources/{resourceId}`).

use model::credential::FORMER_VALUES_MAX;
use model::link::{LinkKind, USER_LINKS_MAX};
use model::refusal::Refusal;
use model::rule::RULE_IS_FULL;
use model::session::{BLOCKS_MAX, ROWS_MAX};
use model::time::Timestamp;
use serde_json::{Map, Value};

use super::{common_message, object, phrase};
use crate::failure::Failure;

const VALIDATION_FAILED: &str = "Validation failed";

pub(super) fn body(failure: &Failure, path: &str, now: Timestamp) -> Value {
    let status = failure.status();
    let message = if let Failure::Parameters(_) = failure {
        VALIDATION_FAILED.into()
    } else {
        common_message(failure, sentence)
    };
    let mut body = object([
        ("timestamp", now.to_string().into()),
        ("status", status.as_u16().into()),
        ("error", phrase(status).into()),
        ("message", message.into()),
        ("path", path.into()),
    ]);
    let mut fields = Map::new();
    if let Failure::Refused(Refusal::Invalid(violations)) = failure {
        for (field, sentence) in violations.iter() {
            fields.entry(field).or_insert_with(|| sentence.into());
        }
    } else if let Failure::Parameters(parameters) = failure {
        let sentences = super::parameter_sentences(parameters).into_iter();
        fields.extend(sentences.map(|(name, sentence)| (name.into(), sentence.into())));
    } else {
        return body;
    }
    if let Value::Object(members) = &mut body {
        members.insert("validationErrors".into(), Value::Object(fields));
    }
    body
}

pub(super) fn sentence(refusal: &Refusal) -> String {
    match refusal {
        Refusal::ResourceNotFound(id) => format!("Resource not found with id: {id}"),
        Refusal::RoleNotFound(id) => format!("Role not found with id: {id}"),
        Refusal::CredentialNotFound(id) => format!("Credential not found with id: {id}"),
        Refusal::UserNotFound(id) => format!("User not found with id: {id}"),
        Refusal::ApiKeyNotFound(id) => format!("API key not found with id: {id}"),
        Refusal::NotAssigned(kind) => {
            let (what, to_what) = sides(*kind);
            format!("{what} not assigned to this {to_what}")
        }
        Refusal::AlreadyAssigned(kind) => {
            let (what, to_what) = sides(*kind);
            format!("{what} already assigned to this {to_what}")
        }
        Refusal::TooManyLinks(kind) => format!("A user can have at most {USER_LINKS_MAX} {}", counted(*kind)),
        Refusal::UserIdTaken(id) => format!("A user with id '{id}' already exists"),
        Refusal::EmailTaken(email) => format!("A user with email '{email}' already exists"),
        Refusal::UserInactive => "This user was deactivated".into(),
        Refusal::UserDeleted => "This user was deleted".into(),
        Refusal::VerificationFailed(reason) => reason.clone(),
        Refusal::VerificationOutdated => "The resource changed while it was being verified, try again".into(),
        Refusal::PreconditionFailed => "The object is not in the state that If-Match names".into(),
        Refusal::IdempotencyKeyReused => "Idempotency-Key was used before for another request".into(),
        Refusal::ResourceInUse => "Resource has active sessions".into(),
        Refusal::SessionNotFound(id) => format!("Session not found with id: {id}"),
        Refusal::SessionNotStoppable(status) => {
            format!("A session that is {} cannot be stopped", status.as_str())
        }
        Refusal::SessionNotExtensible(status) => {
            format!("A session that is {} cannot be extended", status.as_str())
        }
        Refusal::SessionEndsAt(end) => format!("The session ends at {end}, which is not expectedExpiresAt"),
        Refusal::SessionOutlived => {
            "A session that was started before its owner was deactivated cannot be extended: it is being ended".into()
        }
        Refusal::ResourceOutOfReach(id) => {
            format!("The session cannot be extended: resource {id} is out of your reach")
        }
        Refusal::ResourceNotOpen(id) => {
            format!("The session cannot be extended: resource {id} is not active, or is being deleted")
        }
        Refusal::NothingToOpen => "There is no active resource that you may open".into(),
        Refusal::ResourceNotOpenable(id) => format!("Resource not found with id: {id}"),
        Refusal::TooManyRows => {
            format!(
                "A session has at most {ROWS_MAX} rows, one for each resource and address: name resourceIds"
            )
        }
        Refusal::TooManyBlocks { needed, room } => format!(
            "The session would need {needed} blocks of at most {room} rules and resources each, and a \
             session has at most {BLOCKS_MAX}: name fewer resourceIds"
        ),
        Refusal::TooManyHolders => RULE_IS_FULL.into(),
        Refusal::TooManySessions(most) => {
            let sessions = if *most == 1 { "session" } else { "sessions" };
            format!("You have {most} running {sessions}, as many as one person may have: stop one first")
        }
        Refusal::NoAddress => "Your address is not known: name ipv4Address or ipv6Address".into(),
        Refusal::RuleNotFound(id) => format!("Rule not found with id: {id}"),
        Refusal::RuleNotStuck => "Only a rule that is stuck can be resolved".into(),
        Refusal::RuleUnreadable => "The rule's entry cannot be read and must be repaired first".into(),
        Refusal::RuleNotWaiting => "Only a rule that waits for an attempt can be tried again".into(),
        Refusal::CredentialInUse(count) => {
            let resources = if *count == 1 { "resource" } else { "resources" };
            format!("Cannot delete credential linked to {count} {resources}. Delete or reassign them first")
        }
        Refusal::CredentialHasRules(count) => {
            let (rules, they) = if *count == 1 { ("rule was", "It") } else { ("rules were", "They") };
            format!("Cannot delete credential that {count} {rules} made with. {they} must be removed first")
        }
        Refusal::TooManyFormerValues => format!(
            "This credential has {FORMER_VALUES_MAX} former values, which stay until no rule needs them. Try again in some minutes"
        ),
        Refusal::RoleNameTaken(name) => format!("A role with name '{name}' already exists"),
        Refusal::Invalid(_) => VALIDATION_FAILED.into(),
    }
}

/// What is assigned to what.
fn sides(kind: LinkKind) -> (&'static str, &'static str) {
    match kind {
        LinkKind::RoleResource => ("Resource", "role"),
        LinkKind::RoleUser => ("User", "role"),
        LinkKind::UserResource => ("Resource", "user"),
    }
}

/// What a user has of a kind of link.
fn counted(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::RoleUser => "roles",
        LinkKind::RoleResource | LinkKind::UserResource => "resources of their own",
    }
}
