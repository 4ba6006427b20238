//! The rows of failures that any request can meet.

use auth::{BadClaim, InvalidToken};
use http::{StatusCode, header};
use model::violation::NON_FIELD;

use super::{Answer, InD, forbidden, invalid, invalid_fields, not_found, of_refusal, row, unauthorized};
use crate::failure::{Denied, Failure, ParameterFault, Unauthenticated, WrongParameters};

/// Seconds after which a caller may try again when AWS was busy.
const BUSY_RETRY_SECONDS: u32 = 1;

/// The row of a failure.
pub(crate) fn of_failure(failure: &Failure) -> Answer {
    match failure {
        Failure::Unauthenticated(why) => of_unauthenticated(why),
        Failure::Forbidden(why) => {
            let sentence = match why {
                Denied::NotAdmin => "Requires the ORG_ADMIN role".into(),
                Denied::Scope(scope) => format!("Requires an API key with the scope {scope}"),
            };
            forbidden("FORBIDDEN", sentence).detail("You do not have permission to perform this action.")
        }
        Failure::UnknownSource(_) => forbidden(
            "UNKNOWN_SOURCE",
            "The CloudFront distribution in front of this API does not say where the request comes from",
        ),
        Failure::NoRoute => not_found("NOT_FOUND", "No such endpoint"),
        Failure::NoPage => not_found("NOT_FOUND", "No such page").detail("Invalid page."),
        Failure::NoSuchId => not_found("NOT_FOUND", "No such object"),
        Failure::MethodNotAllowed { method, allowed } => {
            let sentence = format!("Method {method} is not allowed here");
            row(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", sentence)
                .header(header::ALLOW, allowed.join(", "))
                .detail(format!("Method \"{method}\" not allowed."))
        }
        Failure::BodyTooLarge { limit } => {
            let sentence = format!("The body must have at most {limit} bytes");
            row(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", sentence)
        }
        Failure::UriTooLong { limit } => {
            let sentence = format!("Path and query must have at most {limit} bytes");
            row(StatusCode::URI_TOO_LONG, "URI_TOO_LONG", sentence)
        }
        Failure::HeadersTooLarge { limit } => {
            let sentence = format!("The headers must have at most {limit} bytes");
            row(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "HEADERS_TOO_LARGE", sentence)
        }
        Failure::UnsupportedMediaType(sent) => {
            let sentence = "The body must be application/json";
            row(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", sentence)
                .detail(format!("Unsupported media type \"{sent}\" in request."))
        }
        Failure::TooManyRequests { retry_after } => {
            row(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMIT_EXCEEDED", "Rate limit exceeded")
                .header(header::RETRY_AFTER, retry_after.to_string())
                .detail(format!("Request was throttled. Expected available in {retry_after} seconds."))
        }
        Failure::Malformed(why) => invalid(format!("The body is not valid JSON: {why}")).detail(why.as_str()),
        Failure::NotAnObject(kind) => {
            let in_d = match *kind {
                "null" => "No data provided".into(),
                kind => format!("Invalid data. Expected a dictionary, but got {kind}."),
            };
            let in_d = InD::Fields(vec![(NON_FIELD.into(), in_d)]);
            Answer { in_d, ..invalid("The body must be a JSON object") }
        }
        Failure::Parameters(parameters) => {
            invalid_fields(of_parameters(parameters, in_k_and_r), of_parameters(parameters, in_d))
        }
        Failure::Refused(refusal) => of_refusal(refusal),
        Failure::Unavailable(_) => {
            let sentence = "The service is busy, try again";
            row(StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", sentence)
                .header(header::RETRY_AFTER, BUSY_RETRY_SECONDS.to_string())
        }
        Failure::Internal(_) => {
            let sentence = "An unexpected error occurred";
            row(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", sentence)
                .detail("Unexpected error while handling your request.")
        }
    }
}

/// Only a claim of a correctly signed token is named: its holder comes from the issuer, and the issuer's settings need a change.
fn of_unauthenticated(why: &Unauthenticated) -> Answer {
    const SENTENCE: &str = "Missing or invalid authentication token";
    match why {
        Unauthenticated::Missing => {
            unauthorized("UNAUTHORIZED", SENTENCE).detail("Authentication credentials were not provided.")
        }
        Unauthenticated::Invalid(InvalidToken::Claim(BadClaim { name, fault })) => {
            let sentence = format!("The token's claim '{name}' cannot be used: {fault}");
            // Clients of the format K know the code UNAUTHORIZED for every 401.
            unauthorized("UNUSABLE_CLAIM", sentence).code_in_k("UNAUTHORIZED")
        }
        Unauthenticated::Invalid(InvalidToken::NotOurs | InvalidToken::UnknownKey | InvalidToken::NoKeys)
        | Unauthenticated::InvalidKey(_)
        | Unauthenticated::Ambiguous => {
            unauthorized("UNAUTHORIZED", SENTENCE).detail("Incorrect authentication credentials.")
        }
    }
}

/// A sentence for each wrong parameter of the query.
fn of_parameters(
    parameters: &WrongParameters,
    sentence: fn(&str, ParameterFault, &str) -> String,
) -> Vec<(String, String)> {
    let known = parameters.known();
    let wrong = parameters.wrong.iter();
    wrong.map(|(name, fault)| (name.clone(), sentence(name, *fault, &known))).collect()
}

fn in_k_and_r(name: &str, fault: ParameterFault, known: &str) -> String {
    match fault {
        ParameterFault::Unknown => {
            format!("{name} is not a parameter of this operation, which has {known}")
        }
        ParameterFault::Empty => format!("{name} must not be empty: parameters are {known}"),
        ParameterFault::Repeated => format!("{name} must not be repeated: parameters are {known}"),
    }
}

fn in_d(_: &str, fault: ParameterFault, known: &str) -> String {
    match fault {
        ParameterFault::Unknown => format!("Unknown parameter. Known are: {known}."),
        ParameterFault::Empty => format!("This parameter may not be blank. Known are: {known}."),
        ParameterFault::Repeated => format!("This parameter may not be repeated. Known are: {known}."),
    }
}
