//! Inputs: the further arguments of a handler. They are read after the caller was admitted.

mod form;
mod json;
mod multipart;
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

/// Whether bytes of a form, which are read as UTF-8, are what their type says: they are in UTF-8 by its `charset`, or in a character set
/// that has the same ASCII, of which they use nothing else.
fn is_read_as_utf8(content_type: &str, bytes: &[u8]) -> bool {
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut charsets = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    charsets.all(|(_, charset)| match charset.trim().trim_matches('"').to_ascii_lowercase().as_str() {
        "" | "utf-8" | "utf8" | "us-ascii" => true,
        "iso-8859-1" | "windows-1252" => bytes.is_ascii(),
        _ => false,
    })
}
