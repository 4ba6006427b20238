//! Parameters of the path.

use model::id::{ApiKeyId, CredentialId, ResourceId, RoleId, RuleId, SessionId, UserId};
use model::violation::Violations;
use std::sync::Arc;

use super::Input;
use crate::failure::Failure;
use crate::incoming::Incoming;

/// One or two parameters of the path, in their order in the route.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

/// A parameter that a route can have. Its type fixes its name in the route.
pub trait PathParameter: Sized + Send + 'static {
    /// Reads the decoded text.
    ///
    /// # Errors
    /// What the face of its family answers to an impossible id.
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
        let sentence = format!("{name} must have 1 to 128 URL-safe characters");
        Self::parse(text).map_err(|_| Violations::one(name, sentence).into())
    }
}

/// An impossible id of a credential is simply not found, as in the seed's framework.
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
