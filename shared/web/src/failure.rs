//! Everything that can go wrong with a request.

use auth::InvalidToken;
use model::api_key::Scope;
use model::refusal::Refusal;
use model::violation::Violations;
use store::StoreError;

use crate::access::KeyRejected;
use crate::edge::UnknownSource;

/// Why a caller is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unauthenticated {
    /// No token.
    Missing,
    /// A token that is not accepted; the reason is for the log, unless it is a claim of a signed token.
    Invalid(InvalidToken),
    /// An API key that is not accepted; the reason is for the log.
    InvalidKey(KeyRejected),
    /// A token and an API key, which could name two callers.
    Ambiguous,
}

/// What is wrong with a parameter of the query, whatever its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterFault {
    /// The operation does not have it.
    Unknown,
    /// It has no value.
    Empty,
    /// It was sent before.
    Repeated,
}

/// Most parameters that an answer names: a query has room for thousands.
const PARAMETERS_NAMED_MAX: usize = 8;
/// Most characters of a name that an answer repeats.
const PARAMETER_NAME_MAX: usize = 64;

/// The parameters that are wrong, and those that the operation has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongParameters {
    /// Each name once, with what is wrong. Of a name of the caller's making what can be printed.
    pub wrong: Vec<(String, ParameterFault)>,
    /// The names that there are.
    pub known: Vec<&'static str>,
}

impl WrongParameters {
    /// The first of the parameters that are wrong.
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

    /// The names that there are, in one text.
    pub(crate) fn known(&self) -> String {
        if self.known.is_empty() { "none".into() } else { self.known.join(", ") }
    }
}

/// Why a known caller may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// It takes an administrator.
    NotAdmin,
    /// It takes a key with this scope.
    Scope(Scope),
}

/// Why a request failed. Closed: every format says what it answers to each, and no wildcard hides a new one.
///
/// What callers read and what the log reads are different fields, and there is no `Display` that could mix them.
#[derive(Debug)]
pub enum Failure {
    /// 401.
    Unauthenticated(Unauthenticated),
    /// 403.
    Forbidden(Denied),
    /// 403 for a request through a distribution that does not say where it comes from; the reason is for the log.
    UnknownSource(UnknownSource),
    /// 404 for a path that no route has.
    NoRoute,
    /// 404 for a page that a list does not have.
    NoPage,
    /// 404 for a path parameter that cannot be an id, on the format that looks ids up as they are.
    NoSuchId,
    /// 405.
    MethodNotAllowed {
        /// What was tried.
        method: String,
        /// What the path has.
        allowed: Vec<String>,
    },
    /// 413.
    BodyTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// 414.
    UriTooLong {
        /// The limit of path and query, in bytes.
        limit: usize,
    },
    /// 431.
    HeadersTooLarge {
        /// The limit of all headers, in bytes.
        limit: usize,
    },
    /// 415, with the media type that was sent.
    UnsupportedMediaType(String),
    /// 429.
    TooManyRequests {
        /// Seconds until the next request may succeed.
        retry_after: u32,
    },
    /// 400 for a body that cannot be read. The text says where it breaks, and repeats nothing of it.
    Malformed(String),
    /// 400 for a body that is JSON, but no object; with the seed's name of what it is.
    NotAnObject(&'static str),
    /// 400 for parameters of the query that the operation does not have, or not in this way.
    Parameters(WrongParameters),
    /// 400 for members that are wrong, 400 or 404 for what the stored state does not allow.
    Refused(Refusal),
    /// 503.
    Unavailable(Internal),
    /// 500.
    Internal(Internal),
}

/// What went wrong inside: for the log only.
#[derive(Debug)]
pub struct Internal(String);

impl Internal {
    /// The text, for the log.
    #[must_use]
    pub fn for_log(&self) -> &str {
        &self.0
    }
}

impl Failure {
    /// An internal failure.
    pub fn internal(text: impl Into<String>) -> Self {
        Self::Internal(Internal(text.into()))
    }

    /// Out of reach for now.
    pub(crate) fn unavailable(text: impl Into<String>) -> Self {
        Self::Unavailable(Internal(text.into()))
    }

    /// What the log should know beyond the status.
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
            StoreError::Repeated => {
                Self::Unavailable(Internal("the same request is being carried out".into()))
            }
            StoreError::Busy(cause) => Self::Unavailable(Internal(cause.for_log().into())),
            StoreError::Defect(cause) => Self::Internal(Internal(cause.for_log().into())),
        }
    }
}
