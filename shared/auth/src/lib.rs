//! Who calls: a token in, a [`Principal`](model::principal::Principal) out.
//!
//! No clock and no I/O: the time is an argument, and the keys are given when the verifier is built.

mod api_key;
mod token;
mod verifier;

pub use api_key::{IssuedKey, KeyHash, NoRandomness, PresentedKey};
pub use token::{Mint, mint};
pub use verifier::{JwtSettings, Rejected, SecretTooShort, Verifier};
