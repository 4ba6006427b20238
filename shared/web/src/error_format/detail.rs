//! ErrorFormat D: `{"detail": "…"}`, or `{"<field>": ["…"], "non_field_errors": ["…"]}` (seed `PUT /credentials/:id/`).

use auth::InvalidToken;
use model::refusal::Refusal;
use model::violation::{NON_FIELD, Violations};
use serde_json::{Map, Value, json};

use crate::failure::{Failure, ParameterFault, Unauthenticated};

pub(super) fn body(failure: &Failure) -> Value {
    match failure {
        Failure::Unauthenticated(Unauthenticated::Missing) => {
            detail("Authentication credentials were not provided.")
        }
        Failure::Unauthenticated(Unauthenticated::Invalid(InvalidToken::Claim(claim))) => {
            detail(&format!("{}.", super::bad_claim(claim)))
        }
        Failure::Unauthenticated(
            Unauthenticated::Invalid(_) | Unauthenticated::InvalidKey(_) | Unauthenticated::Ambiguous,
        ) => detail("Incorrect authentication credentials."),
        Failure::Forbidden(_) => detail("You do not have permission to perform this action."),
        Failure::UnknownSource(_) => detail(&format!("{}.", super::UNKNOWN_SOURCE)),
        Failure::NoRoute | Failure::NoSuchId => detail("Not found."),
        Failure::NoPage => detail("Invalid page."),
        Failure::MethodNotAllowed { method, .. } => detail(&format!("Method \"{method}\" not allowed.")),
        Failure::BodyTooLarge { limit } => detail(&format!("The body must have at most {limit} bytes.")),
        Failure::UriTooLong { limit } => detail(&format!("Path and query must have at most {limit} bytes.")),
        Failure::HeadersTooLarge { limit } => {
            detail(&format!("The headers must have at most {limit} bytes."))
        }
        Failure::UnsupportedMediaType(sent) => {
            detail(&format!("Unsupported media type \"{sent}\" in request."))
        }
        Failure::TooManyRequests { retry_after } => {
            detail(&format!("Request was throttled. Expected available in {retry_after} seconds."))
        }
        Failure::Malformed(why) => detail(why),
        Failure::NotAnObject("null") => json!({NON_FIELD: ["No data provided"]}),
        Failure::NotAnObject(kind) => {
            json!({NON_FIELD: [format!("Invalid data. Expected a dictionary, but got {kind}.")]})
        }
        Failure::Parameters(parameters) => {
            let known = parameters.known();
            let sentence = |fault| match fault {
                ParameterFault::Unknown => format!("Unknown parameter. Known are: {known}."),
                ParameterFault::Empty => format!("This parameter may not be blank. Known are: {known}."),
                ParameterFault::Repeated => {
                    format!("This parameter may not be repeated. Known are: {known}.")
                }
            };
            let fields = parameters.wrong.iter();
            Value::Object(fields.map(|(name, fault)| (name.clone(), json!([sentence(*fault)]))).collect())
        }
        Failure::Refused(refusal) => refused(refusal),
        Failure::Unavailable(_) => detail("The service is busy, try again."),
        Failure::Internal(_) => detail("Unexpected error while handling your request."),
    }
}

fn detail(text: &str) -> Value {
    json!({ "detail": text })
}

/// A list of sentences for each field.
fn fields(violations: &Violations) -> Value {
    let mut fields: Map<String, Value> = Map::new();
    for (field, sentence) in violations.iter() {
        let list = fields.entry(field).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(sentence.into());
        }
    }
    Value::Object(fields)
}

fn refused(refusal: &Refusal) -> Value {
    match refusal {
        Refusal::ResourceNotFound(_)
        | Refusal::RoleNotFound(_)
        | Refusal::CredentialNotFound(_)
        | Refusal::UserNotFound(_)
        | Refusal::ApiKeyNotFound(_)
        | Refusal::SessionNotFound(_)
        | Refusal::ResourceNotOpenable(_)
        | Refusal::RuleNotFound(_)
        | Refusal::NotAssigned(_) => detail("Not found."),
        Refusal::PreconditionFailed
        | Refusal::SessionEndsAt(_)
        | Refusal::UserInactive
        | Refusal::UserDeleted => detail(&format!("{}.", super::reason::sentence(refusal))),
        Refusal::AlreadyAssigned(_)
        | Refusal::TooManyLinks(_)
        | Refusal::UserIdTaken(_)
        | Refusal::EmailTaken(_)
        | Refusal::VerificationFailed(_)
        | Refusal::VerificationOutdated
        | Refusal::IdempotencyKeyReused
        | Refusal::ResourceInUse
        | Refusal::SessionNotStoppable(_)
        | Refusal::SessionNotExtensible(_)
        | Refusal::SessionOutlived
        | Refusal::ResourceOutOfReach(_)
        | Refusal::ResourceNotOpen(_)
        | Refusal::NothingToOpen
        | Refusal::TooManyRows
        | Refusal::TooManyBlocks { .. }
        | Refusal::TooManyHolders
        | Refusal::TooManySessions(_)
        | Refusal::NoAddress
        | Refusal::RuleNotStuck
        | Refusal::RuleUnreadable
        | Refusal::RuleNotWaiting
        | Refusal::CredentialInUse(_)
        | Refusal::CredentialHasRules(_)
        | Refusal::TooManyFormerValues
        | Refusal::RoleNameTaken(_) => json!({NON_FIELD: [format!("{}.", super::reason::sentence(refusal))]}),
        Refusal::Invalid(violations) => fields(violations),
    }
}
