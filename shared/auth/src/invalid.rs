//! Why a token is not accepted.

use model::id::USER_ID_RULE;
use std::fmt;

/// Why a token is not accepted. Callers learn the reason only for a claim of a correctly signed token: its holder comes from the issuer, and the
/// issuer's settings need a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidToken {
    /// Its signature, algorithm or form is wrong.
    NotOurs,
    /// It names a key that the issuer does not have.
    UnknownKey,
    /// It is correctly signed, but a claim cannot be used.
    Claim(BadClaim),
    /// The issuer's keys or the secret cannot be read, so the token may be good or bad.
    NoKeys,
}

/// A claim that cannot be used. The value is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadClaim {
    /// The name, as the deployment calls the claim.
    pub name: String,
    pub fault: ClaimFault,
}

/// What is wrong with a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimFault {
    /// It is absent or null.
    Missing,
    Empty,
    /// It is not a text.
    NotAText,
    /// It has several texts instead of one.
    Several,
    NotAUserId,
    NotAnOrganization,
    OtherIssuer,
    OtherAudience,
    /// It is not a time.
    NotATime,
    /// It lies in the past.
    Past,
    /// It lies in the future.
    Future,
}

impl fmt::Display for ClaimFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self {
            Self::NotAUserId => return write!(f, "it {USER_ID_RULE}"),
            Self::Missing => "it is missing",
            Self::Empty => "it is empty",
            Self::NotAText => "it must be a text",
            Self::Several => "it must name one organization and names several",
            Self::NotAnOrganization => "it must have 1 to 64 letters, digits or -._~",
            Self::OtherIssuer => "it is not the issuer of this deployment",
            Self::OtherAudience => "it does not name the audience of this deployment",
            Self::NotATime => "it must be a number of seconds since 1970",
            Self::Past => "it lies in the past",
            Self::Future => "it lies in the future",
        };
        f.write_str(why)
    }
}
