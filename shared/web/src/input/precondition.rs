//! `If-Match`.

use model::precondition::{HEADER, Precondition};
use model::refusal::Refusal;
use std::sync::Arc;

use super::Input;
use crate::failure::Failure;
use crate::incoming::Incoming;

/// What the caller requires of the object that they change (RFC 9110 §13.1.1).
#[derive(Debug, Clone)]
pub struct IfMatch(pub Precondition);

impl Input for IfMatch {
    fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
        // What is no text is no list of tags either.
        let header = request.headers.get(HEADER).map(|value| value.to_str().unwrap_or_default());
        Ok(Self(Precondition::read(header)?))
    }
}

impl IfMatch {
    /// For what has no state of its own, such as a link: no tag can be right.
    ///
    /// # Errors
    /// `PreconditionFailed` when the caller names a tag.
    pub fn names_no_tag(&self) -> Result<(), Failure> {
        if self.0.admits_without_tag() { Ok(()) } else { Err(Refusal::PreconditionFailed.into()) }
    }
}
