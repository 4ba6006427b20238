//! The keys of an issuer: a set (RFC 7517) and where it comes from.

mod set;
mod source;

pub use set::{KeySet, NotAKeySet};
pub use source::{Fetch, FetchFault, KeySource, is_fetchable};

pub(crate) use source::kept_set;
