//! Parameters of the path.

use model::id::{ApiKeyId, CredentialId, ResourceId, RoleId, RuleId, SessionId, USER_ID_RULE, UserId};
use model::violation::Violations;
use std::sync::Arc;

use super::Input;
use crate::failure::Failure;
use crate::incoming::Incoming;

/// One or two parameters of the path, in the order of the route.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

/// A parameter of a route.
pub trait PathParameter: Sized + Send + 'static {
    /// # Errors
    /// 400 or 404 for a malformed id, as the error format of the path wants it.
    fn parse(name: &str, text: &str) -> Result<Self, Failure>;
}

fn not_a_uuid(name: &str) -> Failure {
    Violations::one(name, format!("{name} must be a UUID")).into()
}

impl PathParameter for ResourceId {
    fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        Self::parse(text).map_err(|_| not_a_uuid(name))
    }
}

impl PathParameter for RoleId {
    fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        Self::parse(text).map_err(|_| not_a_uuid(name))
    }
}

impl PathParameter for ApiKeyId {
    fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        Self::parse(text).map_err(|_| not_a_uuid(name))
    }
}

impl PathParameter for SessionId {
    fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        Self::parse(text).map_err(|_| not_a_uuid(name))
    }
}

impl PathParameter for RuleId {
    fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        Self::parse(text).map_err(|_| not_a_uuid(name))
    }
}

impl PathParameter for UserId {
    fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        let text = with_slashes(text);
        Self::parse(&text).map_err(|_| Violations::one(name, format!("{name} {USER_ID_RULE}")).into())
    }
}

/// An id with its slashes decoded. The gateway decodes `%2F` before it looks for a route, so callers escape a slash twice, as `%252F`. The
/// gateway leaves `%25` as it is.
fn with_slashes(text: &str) -> String {
    ["%252F", "%252f", "%2F", "%2f"]
        .into_iter()
        .fold(text.to_owned(), |text, escaped| text.replace(escaped, "/"))
}

/// A malformed id of a credential is not found, as in the seed's framework.
impl PathParameter for CredentialId {
    fn parse(_: &str, text: &str) -> Result<Self, Failure> {
        Self::parse_any(text).map_err(|_| Failure::NoSuchId)
    }
}

fn parameter<T: PathParameter>(request: &Incoming, name: &str) -> Result<T, Failure> {
    let text = request.path_parameter(name);
    let text = text.ok_or_else(|| Failure::internal(format!("the route has no parameter {name}")))?;
    T::parse(name, text)
}

impl<T: PathParameter> Input for Path<T> {
    fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
        parameter(request, "id").map(Self)
    }
}

/// `/roles/{id}/resources/{resourceId}`.
impl Input for Path<(RoleId, ResourceId)> {
    fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
        Ok(Self((parameter(request, "id")?, parameter(request, "resourceId")?)))
    }
}

/// `/roles/{id}/users/{userId}`.
impl Input for Path<(RoleId, UserId)> {
    fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
        Ok(Self((parameter(request, "id")?, parameter(request, "userId")?)))
    }
}

/// `/users/{id}/resources/{resourceId}`.
impl Input for Path<(UserId, ResourceId)> {
    fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
        Ok(Self((parameter(request, "id")?, parameter(request, "resourceId")?)))
    }
}
