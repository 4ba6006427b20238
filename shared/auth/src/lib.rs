//! Who calls: a token in, a [`Principal`](model::principal::Principal) out.
//!
//! It reads no clock: the time is an argument. It opens no connection: the verifier is built with a [`Fetch`] that reads keys and secrets.

#![allow(missing_docs, reason = "nobody outside the workspace reads this crate's documentation")]

mod api_key;
mod cached;
mod claims;
mod fetch;
mod invalid;
mod jws;
mod keys;
mod token;
mod verifier;

pub use api_key::{IssuedKey, KeyHash, NoRandomness, PresentedKey};
pub use cached::{Cached, Load, Missing, REFRESH_SECONDS, STALE_SECONDS};
pub use claims::{ClaimName, ClaimNames};
pub use fetch::{Fetch, FetchFault};
pub use invalid::{BadClaim, ClaimFault, InvalidToken};
pub use keys::{KeySet, KeySource, NotAKeySet, is_fetchable};
pub use token::{Mint, mint};
pub use verifier::{BadKeys, JwtKeys, JwtSettings, Verifier};
