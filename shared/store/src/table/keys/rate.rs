//! Keys of the buckets of tokens.

use super::{Key, key};
use model::id::{ApiKeyId, OrgId, UserId};
use model::time::Timestamp;

/// Who pays for a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Payer {
    /// A person of an organization.
    User(OrgId, UserId),
    /// An API key.
    Key(OrgId, ApiKeyId),
    /// Whoever calls from an address without saying who they are: the address, or the network that one line has.
    Address(String),
}

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

/// The failed sign-ins from an address within a minute. Their partitions begin as those of the buckets do, so that the functions which may
/// write buckets may write them too. The organization's place is empty.
#[must_use]
pub fn sign_ins(address: &str, at: Timestamp) -> Key {
    let at = at.to_string();
    let (day, time) = at.split_once('T').unwrap_or((at.as_str(), ""));
    let minute = time.get(..5).unwrap_or(time);
    key(format!("RATE##SIGN_INS#{day}"), format!("{minute}#{address}"))
}
