//! Keys of the buckets of tokens.

use super::{Key, key};
use model::id::{ApiKeyId, OrgId, UserId};
use model::time::Timestamp;

/// Whose bucket pays for a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Payer {
    /// A person of an organization.
    User(OrgId, UserId),
    /// An API key.
    Key(OrgId, ApiKeyId),
    /// An unauthenticated caller: their address, or the IPv6 network of their line.
    Address(String),
}

/// A caller's bucket. Its partition does not begin with the organization, so that IAM can allow a function to write buckets only
/// (`dynamodb:LeadingKeys`). An organization's name contains no `#` and is not empty, so no caller reaches another one's bucket.
#[must_use]
pub fn bucket(payer: &Payer) -> Key {
    let caller = match payer {
        Payer::User(org, user) => format!("{org}#USER#{user}"),
        Payer::Key(org, id) => format!("{org}#API_KEY#{id}"),
        Payer::Address(address) => format!("#ADDRESS#{address}"),
    };
    key(format!("RATE#{caller}"), "#BUCKET")
}

/// The failed sign-ins from an address within a minute. Their partitions begin like those of the buckets, so functions that may write
/// buckets may write them too. The part for the organization is empty.
#[must_use]
pub fn sign_ins(address: &str, at: Timestamp) -> Key {
    let at = at.to_string();
    let (day, time) = at.split_once('T').unwrap_or((at.as_str(), ""));
    let minute = time.get(..5).unwrap_or(time);
    key(format!("RATE##SIGN_INS#{day}"), format!("{minute}#{address}"))
}
