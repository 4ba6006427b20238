//! Everything that can go wrong with a request. What a caller is answered: `refusals/`.

use auth::InvalidToken;
use model::api_key::Scope;
use model::refusal::Refusal;
use model::violation::Violations;
use store::StoreError;

use crate::edge::UnknownSource;

/// Why an API key is not accepted. Only the log says so: callers learn nothing about keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRejected {
    /// The text has not the form of a key.
    Malformed,
    /// The table has no such key.
    Unknown,
    /// The key has another secret.
    WrongSecret,
    /// The key was revoked or has expired.
    Ended,
    /// The key's maker was deleted. Somebody else may have their id now.
    MakerGone,
}

/// Why a caller could not be identified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unauthenticated {
    /// Neither a token nor an API key.
    Missing,
    /// The token is not accepted. Callers learn the reason only where it is a claim of a signed token.
    Invalid(InvalidToken),
    /// The API key is not accepted. Callers do not learn the reason.
    InvalidKey(KeyRejected),
    /// Both a token and an API key. They could name two callers.
    Ambiguous,
}

/// What is wrong with a parameter of the query, apart from its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterFault {
    /// The operation has no such parameter.
    Unknown,
    /// The value is empty.
    Empty,
    /// The parameter was sent twice.
    Repeated,
}

/// Most wrong parameters that an answer names. A query has room for thousands.
const PARAMETERS_NAMED_MAX: usize = 8;
/// Most characters of a parameter's name that an answer repeats.
const PARAMETER_NAME_MAX: usize = 64;

/// The wrong parameters of a query, and those that the operation has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongParameters {
    /// Each name once, without control characters, with what is wrong.
    pub wrong: Vec<(String, ParameterFault)>,
    /// The parameters of the operation.
    pub known: Vec<&'static str>,
}

impl WrongParameters {
    /// Keeps the first few wrong parameters.
    #[must_use]
    pub fn new(all: &[(&str, ParameterFault)], known: Vec<&'static str>) -> Self {
        let mut wrong: Vec<(String, ParameterFault)> = Vec::new();
        for (name, fault) in all {
            let printed = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
            let name: String = name.chars().take(PARAMETER_NAME_MAX).map(printed).collect();
            if wrong.len() < PARAMETERS_NAMED_MAX && !wrong.iter().any(|(other, _)| *other == name) {
                wrong.push((name, *fault));
            }
        }
        Self { wrong, known }
    }

    /// The parameters of the operation, as a sentence lists them.
    pub(crate) fn known(&self) -> String {
        if self.known.is_empty() { "none".into() } else { self.known.join(", ") }
    }
}

/// Which right a caller lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// The operation needs an administrator.
    NotAdmin,
    /// The operation needs an API key with this scope.
    Scope(Scope),
}

/// Why a request failed. The table in `refusals/` has a row for each variant.
///
/// Callers and the log read different fields. There is no `Display` that could mix them.
#[derive(Debug)]
pub enum Failure {
    /// The caller could not be identified.
    Unauthenticated(Unauthenticated),
    /// The caller lacks a right.
    Forbidden(Denied),
    /// The request came through a CloudFront distribution that hides the caller's address. The reason is for the log.
    UnknownSource(UnknownSource),
    /// No route has this path.
    NoRoute,
    /// The list has no such page.
    NoPage,
    /// The path parameter cannot be an id. Only format D answers so; the others answer 400.
    NoSuchId,
    /// The path has other methods.
    MethodNotAllowed {
        /// The method of the request.
        method: String,
        /// The methods of the path.
        allowed: Vec<String>,
    },
    /// The body is too large.
    BodyTooLarge {
        /// In bytes.
        limit: usize,
    },
    /// Path and query are too long.
    UriTooLong {
        /// In bytes.
        limit: usize,
    },
    /// All headers together are too large.
    HeadersTooLarge {
        /// In bytes.
        limit: usize,
    },
    /// The operation does not read this media type.
    UnsupportedMediaType(String),
    /// The caller is over their limit.
    TooManyRequests {
        /// Seconds until a request may succeed.
        retry_after: u32,
    },
    /// The body cannot be parsed. The text says where, and quotes nothing.
    Malformed(String),
    /// The body is JSON but not an object. The text is the seed's name for what it is.
    NotAnObject(&'static str),
    /// The query has wrong parameters.
    Parameters(WrongParameters),
    /// Fields are wrong, or the stored state does not allow the operation.
    Refused(Refusal),
    /// AWS is busy or cannot be reached.
    Unavailable(Internal),
    /// A defect.
    Internal(Internal),
}

/// A cause that only the log may show.
#[derive(Debug)]
pub struct Internal(String);

impl Internal {
    /// The text for the log.
    #[must_use]
    pub fn for_log(&self) -> &str {
        &self.0
    }
}

impl Failure {
    /// A defect, with its cause for the log.
    pub fn internal(text: impl Into<String>) -> Self {
        Self::Internal(Internal(text.into()))
    }

    /// Something cannot be reached for now, with the cause for the log.
    pub(crate) fn unavailable(text: impl Into<String>) -> Self {
        Self::Unavailable(Internal(text.into()))
    }

    /// The cause, for the log.
    #[must_use]
    pub fn for_log(&self) -> Option<String> {
        match self {
            Self::Unauthenticated(why) => Some(format!("{why:?}")),
            Self::UnknownSource(why) => Some(format!("{why:?}")),
            Self::Unavailable(internal) | Self::Internal(internal) => Some(internal.0.clone()),
            Self::Forbidden(_)
            | Self::NoRoute
            | Self::NoPage
            | Self::NoSuchId
            | Self::MethodNotAllowed { .. }
            | Self::BodyTooLarge { .. }
            | Self::UriTooLong { .. }
            | Self::HeadersTooLarge { .. }
            | Self::UnsupportedMediaType(_)
            | Self::TooManyRequests { .. }
            | Self::Malformed(_)
            | Self::NotAnObject(_)
            | Self::Parameters(_)
            | Self::Refused(_) => None,
        }
    }
}

impl From<Violations> for Failure {
    fn from(violations: Violations) -> Self {
        Self::Refused(Refusal::Invalid(violations))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => refusal.into(),
            StoreError::Repeated => Self::Unavailable(Internal("the same request is in progress".into())),
            StoreError::Busy(cause) => Self::Unavailable(Internal(cause.for_log().into())),
            StoreError::Defect(cause) => Self::Internal(Internal(cause.for_log().into())),
        }
    }
}
