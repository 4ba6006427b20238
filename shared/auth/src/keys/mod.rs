//! The keys of an issuer: a set (RFC 7517), where it comes from, and how long it is kept.

mod cache;
mod set;
mod source;

pub use cache::{REFRESH_SECONDS, STALE_SECONDS};
pub use set::{KeySet, NotAKeySet};
pub use source::{Fetch, FetchFault, KeySource, is_fetchable};

pub(crate) use cache::KeyCache;
