//! The keys of an issuer: a key set (RFC 7517) and its source.

mod set;
mod source;

pub use set::{KeySet, NotAKeySet};
pub use source::{KeySource, is_fetchable};

pub(crate) use source::cached_set;
