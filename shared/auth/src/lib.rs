//! Who calls: a token in, a [`Principal`](model::principal::Principal) out.
//!
//! No clock: the time is an argument. No network: what fetches an issuer's keys, or a secret, is given when the verifier is built.

mod api_key;
mod claims;
mod jws;
mod kept;
mod keys;
mod token;
mod verifier;

pub use api_key::{IssuedKey, KeyHash, NoRandomness, PresentedKey};
pub use claims::{BadClaim, ClaimFault, ClaimName, ClaimNames};
pub use kept::{Kept, Lack, Load, REFRESH_SECONDS, STALE_SECONDS};
pub use keys::{Fetch, FetchFault, KeySet, KeySource, NotAKeySet, is_fetchable};
pub use token::{Mint, mint};
pub use verifier::{BadKeys, InvalidToken, JwtKeys, JwtSettings, Verifier};
