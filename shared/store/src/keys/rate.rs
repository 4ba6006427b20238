//! Keys of the buckets of tokens.

use super::{Key, key};
use crate::rate::Payer;

/// A caller's bucket. Its partition begins with a word of its own and not with the organization, so that a function can be
/// allowed to write buckets and nothing else (`dynamodb:LeadingKeys`). An organization's name has no `#`, and none is empty: no
/// caller reaches another's.
#[must_use]
pub fn bucket(payer: &Payer) -> Key {
    let caller = match payer {
        Payer::User(org, user) => format!("{org}#USER#{user}"),
        Payer::Key(org, id) => format!("{org}#API_KEY#{id}"),
        Payer::Address(address) => format!("#ADDRESS#{address}"),
    };
    key(format!("RATE#{caller}"), "#BUCKET")
}
