//! The three error bodies. The path alone picks one, before anything else runs (docs/errors.md).

mod code;
mod detail;
mod reason;

use auth::{BadClaim, InvalidToken};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use lambda_http::Body;
use model::refusal::Refusal;
use model::time::Timestamp;
use serde_json::Value;

use crate::failure::{Denied, Failure, ParameterFault, Unauthenticated, WrongParameters};
use crate::reply::json_response;

/// Where the API is mounted.
pub const BASE_PATH: &str = "/api/v1";

/// An error format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorFormat {
    /// K: `{"error": "<CODE>", "message", "timestamp"}`, on `/resources/**`.
    Code,
    /// R: `{"timestamp", "status", "error": "<reason phrase>", "message", "path"}`, on every other path.
    Reason,
    /// D: `{"detail"}` or `{"<field>": ["…"]}`, on `/credentials/**`.
    Detail,
}

/// The header with the code of a failure, the same on every format.
const CODE: HeaderName = HeaderName::from_static("x-postern-error");

/// Seconds after which a caller may try again when AWS was busy.
const BUSY_RETRY_SECONDS: u32 = 1;

/// What callers without a valid token are told on the formats K and R.
const UNAUTHENTICATED: &str = "Missing or invalid authentication token";
/// What members are told where an administrator is wanted.
const NOT_ADMIN: &str = "Requires the ORG_ADMIN role";
/// What callers are told whose address CloudFront hides. Who set the distribution up can mend it.
const UNKNOWN_SOURCE: &str =
    "The CloudFront distribution in front of this API does not say where the request comes from";
const NO_ROUTE: &str = "No such endpoint";
const TOO_MANY_REQUESTS: &str = "Rate limit exceeded";
const UNAVAILABLE: &str = "The service is busy, try again";
const INTERNAL: &str = "An unexpected error occurred";
const NO_PAGE: &str = "No such page";

impl ErrorFormat {
    /// The format of a path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let family = path.strip_prefix(BASE_PATH).and_then(|rest| rest.split('/').nth(1));
        match family {
            Some("resources") => Self::Code,
            Some("credentials") => Self::Detail,
            Some(_) | None => Self::Reason,
        }
    }

    /// The response to a failure.
    #[must_use]
    pub fn render(self, failure: &Failure, path: &str, now: Timestamp) -> Response<Body> {
        let body = match self {
            Self::Code => code::body(failure, now),
            Self::Reason => reason::body(failure, path, now),
            Self::Detail => detail::body(failure),
        };
        let mut response = json_response(failure.status(), &body);
        response.headers_mut().insert(CODE, HeaderValue::from_static(code::header(failure)));
        add_headers(&mut response, failure);
        response
    }
}

/// Why something was refused: the code, and the sentence that the format R has.
pub(crate) fn reason_of(refusal: &Refusal) -> (&'static str, String) {
    let sentence = if let Refusal::Invalid(violations) = refusal {
        violations.iter().map(|(_, sentence)| sentence).collect::<Vec<_>>().join("; ")
    } else {
        reason::sentence(refusal)
    };
    (code::refusal_code(refusal), sentence)
}

/// Headers that a status owes (RFC 9110 §11.6.1, §10.2.1, §10.2.3).
fn add_headers(response: &mut Response<Body>, failure: &Failure) {
    let mut set = |name, value: Result<HeaderValue, _>| {
        if let Ok(value) = value {
            response.headers_mut().insert(name, value);
        }
    };
    match failure {
        Failure::Unauthenticated(_) => set(header::WWW_AUTHENTICATE, HeaderValue::from_str("Bearer")),
        Failure::MethodNotAllowed { allowed, .. } => {
            set(header::ALLOW, HeaderValue::from_str(&allowed.join(", ")));
        }
        Failure::TooManyRequests { retry_after } => {
            set(header::RETRY_AFTER, HeaderValue::from_str(&retry_after.to_string()));
        }
        Failure::Unavailable(_) => {
            set(header::RETRY_AFTER, HeaderValue::from_str(&BUSY_RETRY_SECONDS.to_string()));
        }
        Failure::Forbidden(_)
        | Failure::UnknownSource(_)
        | Failure::NoRoute
        | Failure::NoPage
        | Failure::NoSuchId
        | Failure::BodyTooLarge { .. }
        | Failure::UriTooLong { .. }
        | Failure::HeadersTooLarge { .. }
        | Failure::UnsupportedMediaType(_)
        | Failure::Malformed(_)
        | Failure::NotAnObject(_)
        | Failure::Parameters(_)
        | Failure::Refused(_)
        | Failure::Internal(_) => {}
    }
}

/// The sentence for a failure that reads the same on the formats K and R.
fn common_message(failure: &Failure, refused: impl Fn(&Refusal) -> String) -> String {
    match failure {
        Failure::Unauthenticated(Unauthenticated::Invalid(InvalidToken::Claim(claim))) => bad_claim(claim),
        Failure::Unauthenticated(_) => UNAUTHENTICATED.into(),
        Failure::Forbidden(Denied::NotAdmin) => NOT_ADMIN.into(),
        Failure::Forbidden(Denied::Scope(scope)) => format!("Requires an API key with the scope {scope}"),
        Failure::UnknownSource(_) => UNKNOWN_SOURCE.into(),
        Failure::NoRoute => NO_ROUTE.into(),
        Failure::NoPage => NO_PAGE.into(),
        Failure::NoSuchId => "No such object".into(),
        Failure::MethodNotAllowed { method, .. } => format!("Method {method} is not allowed here"),
        Failure::BodyTooLarge { limit } => format!("The body must have at most {limit} bytes"),
        Failure::UriTooLong { limit } => format!("Path and query must have at most {limit} bytes"),
        Failure::HeadersTooLarge { limit } => format!("The headers must have at most {limit} bytes"),
        Failure::UnsupportedMediaType(_) => "The body must be application/json".into(),
        Failure::TooManyRequests { .. } => TOO_MANY_REQUESTS.into(),
        Failure::Malformed(why) => format!("The body is not valid JSON: {why}"),
        Failure::NotAnObject(_) => "The body must be a JSON object".into(),
        Failure::Parameters(parameters) => {
            let sentences = parameter_sentences(parameters);
            sentences.into_iter().map(|(_, sentence)| sentence).collect::<Vec<_>>().join("; ")
        }
        Failure::Refused(refusal) => refused(refusal),
        Failure::Unavailable(_) => UNAVAILABLE.into(),
        Failure::Internal(_) => INTERNAL.into(),
    }
}

/// What the holder of a token is told of a claim that cannot be used.
fn bad_claim(BadClaim { name, fault }: &BadClaim) -> String {
    format!("The token's claim '{name}' cannot be used: {fault}")
}

/// What is wrong with each parameter, on the formats K and R.
fn parameter_sentences(parameters: &WrongParameters) -> Vec<(&str, String)> {
    let known = parameters.known();
    let sentence = |(name, fault): &'_ (String, ParameterFault)| match fault {
        ParameterFault::Unknown => {
            format!("{name} is not a parameter of this operation, which has {known}")
        }
        ParameterFault::Empty => format!("{name} must not be empty: parameters are {known}"),
        ParameterFault::Repeated => format!("{name} must not be repeated: parameters are {known}"),
    };
    parameters.wrong.iter().map(|wrong| (wrong.0.as_str(), sentence(wrong))).collect()
}

/// A body's members, in order.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

/// The reason phrase of a status (RFC 9110 §15).
fn phrase(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}
