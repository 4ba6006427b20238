//! Inputs: the arguments of a handler after its access level. They are read once the caller is admitted.

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

/// Something that a handler reads from a request.
pub trait Input: Sized + Send + 'static {
    /// The parameters of the query. A request with any other is refused.
    fn parameters() -> Vec<&'static str> {
        Vec::new()
    }

    /// Whether the handler takes any query.
    const TAKES_ANY_QUERY: bool = false;

    /// Reads the input.
    ///
    /// # Errors
    /// What is wrong with the request.
    fn read(request: &Arc<Incoming>) -> Result<Self, Failure>;
}

/// The whole request, for the function that answers requests without a route.
impl Input for Arc<Incoming> {
    const TAKES_ANY_QUERY: bool = true;

    fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
        Ok(Self::clone(request))
    }
}

impl Input for () {
    fn read(_: &Arc<Incoming>) -> Result<Self, Failure> {
        Ok(())
    }
}

/// Several inputs are read in order.
macro_rules! inputs {
    ($($input:ident),+) => {
        impl<$($input: Input),+> Input for ($($input,)+) {
            const TAKES_ANY_QUERY: bool = $($input::TAKES_ANY_QUERY)||+;

            fn parameters() -> Vec<&'static str> {
                [$($input::parameters()),+].concat()
            }

            fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
                Ok(($($input::read(request)?,)+))
            }
        }
    };
}

inputs!(First);
inputs!(First, Second);
inputs!(First, Second, Third);

/// The body, unless it is too large.
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

/// Whether bytes of a form may be read as UTF-8: their `charset` is UTF-8, or they are ASCII in a character set that contains ASCII.
fn is_read_as_utf8(content_type: &str, bytes: &[u8]) -> bool {
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut charsets = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    charsets.all(|(_, charset)| match charset.trim().trim_matches('"').to_ascii_lowercase().as_str() {
        "" | "utf-8" | "utf8" | "us-ascii" => true,
        "iso-8859-1" | "windows-1252" => bytes.is_ascii(),
        _ => false,
    })
}
