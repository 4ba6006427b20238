//! `If-Match`.

use model::precondition::{HEADER, Precondition};
use model::refusal::Refusal;
use std::sync::Arc;

use super::Input;
use crate::failure::Failure;
use crate::incoming::Incoming;

/// The state that the caller requires of the object that they change (RFC 9110 §13.1.1).
#[derive(Debug, Clone)]
pub struct IfMatch(pub Precondition);

impl Input for IfMatch {
    fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
        // A non-UTF-8 header is read as an empty list of tags.
        let header = request.headers.get(HEADER).map(|value| value.to_str().unwrap_or_default());
        Ok(Self(Precondition::read(header)?))
    }
}

impl IfMatch {
    /// Refuses every tag, for objects without a state of their own, such as links.
    ///
    /// # Errors
    /// 412 when the caller names a tag.
    pub fn names_no_tag(&self) -> Result<(), Failure> {
        if self.0.admits_without_tag() { Ok(()) } else { Err(Refusal::PreconditionFailed.into()) }
    }
}
