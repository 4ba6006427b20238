//! Inputs: the further arguments of a handler. They are read after the caller was admitted.

mod form;
mod json;
mod path;
mod precondition;
pub(crate) mod query;

pub use form::CredentialBody;
pub use json::{Json, JsonPatch, OptionalJson};
pub use path::{Path, PathParameter};
pub use precondition::IfMatch;
pub use query::{ListQuery, Query};

use std::sync::Arc;

use crate::failure::Failure;
use crate::incoming::{BODY_MAX_BYTES, Incoming};

/// Something that is read from a request.
pub trait Input: Sized + Send + 'static {
    /// The parameters of the query that it reads. A request with any other is refused.
    fn parameters() -> Vec<&'static str> {
        Vec::new()
    }

    /// Whether it leaves the whole query to somebody else.
    const TAKES_ANY_QUERY: bool = false;

    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with the request.
    fn read(request: &Arc<Incoming>) -> Result<Self, Failure>;
}

/// The whole request, for the function that answers unrouted ones.
impl Input for Arc<Incoming> {
    const TAKES_ANY_QUERY: bool = true;

    fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
        Ok(Self::clone(request))
    }
}

/// The body, within its limit.
fn body(request: &Incoming) -> Result<&[u8], Failure> {
    let body = request.body();
    if body.len() > BODY_MAX_BYTES {
        return Err(Failure::BodyTooLarge { limit: BODY_MAX_BYTES });
    }
    Ok(body)
}

/// The media type without its parameters, in lower case.
fn media_type(request: &Incoming) -> String {
    let header = request.header("content-type").unwrap_or_default();
    header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
