//! Identifiers. Each kind is its own type, so that a role's id cannot be used as a resource's.

mod subject;

pub use subject::USER_ID_RULE;

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Mutex;
use uuid::{ContextV7, Uuid};

use crate::time::Timestamp;
use subject::is_subject;

/// Why a text is not an identifier. It does not contain the text, which comes from the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnId;

/// Reads a hyphenated UUID of 36 characters in either case. Other spellings of RFC 9562 libraries (braces, `urn:uuid:`, no hyphens) are
/// refused, so that an id has one spelling in each format.
fn hyphenated(text: &str) -> Result<Uuid, NotAnId> {
    if text.len() != 36 {
        return Err(NotAnId);
    }
    Uuid::try_parse(text).map_err(|_| NotAnId)
}

/// Reads a UUID in every spelling.
fn spelled(text: &str) -> Result<Uuid, NotAnId> {
    Uuid::try_parse(text).map_err(|_| NotAnId)
}

/// The spellings of a filter's text in the audit log: the text itself, and for a UUID all of its spellings. Credentials are recorded in
/// Base58, and a token's subject that is a UUID in the token's case.
#[must_use]
pub fn spellings(text: &str) -> Vec<String> {
    let mut all = vec![String::from(text)];
    let bare = text.strip_prefix("credentials://").unwrap_or(text);
    if let Ok(uuid) = spelled(bare).or_else(|_| parse_base58(bare)) {
        let lower = uuid.as_hyphenated().to_string();
        all.extend([base58(uuid), lower.to_uppercase(), lower]);
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Counts the identifiers of one millisecond, so that those of one process are in order.
static IDENTIFIERS: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// A new UUID of version 7 (RFC 9562 §5.7). Their order is that of creation: strictly within a process, to the millisecond between
/// processes.
fn ordered(now: Timestamp) -> Uuid {
    let millis = now.unix_millis().max(0).unsigned_abs();
    let nanos = u32::try_from((millis % 1000) * 1_000_000).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(&IDENTIFIERS, millis / 1000, nanos))
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh identifier; the order of identifiers is the order of creation (UUID version 7).
            #[must_use]
            pub fn generate(now: Timestamp) -> Self {
                Self(ordered(now))
            }

            /// The nil UUID (RFC 9562 §5.9), in place of an unknown identifier.
            #[must_use]
            pub fn nil() -> Self {
                Self(Uuid::nil())
            }

            /// The number itself.
            #[must_use]
            pub fn uuid(self) -> Uuid {
                self.0
            }

            /// Reads the hyphenated spelling.
            ///
            /// # Errors
            /// [`NotAnId`] for everything else.
            pub fn parse(text: &str) -> Result<Self, NotAnId> {
                hyphenated(text).map(Self)
            }

            /// Reads every spelling of RFC 9562 libraries: in either case, with hyphens or without, in braces, as a URN. For filters,
            /// which would otherwise find nothing.
            ///
            /// # Errors
            /// [`NotAnId`] for everything else.
            pub fn parse_spelled(text: &str) -> Result<Self, NotAnId> {
                spelled(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }
    };
}

uuid_id! {
    /// A cloud resource that sessions open.
    ResourceId
}
uuid_id! {
    /// A role, which joins people and resources. The credentials family calls it a team.
    RoleId
}
uuid_id! {
    /// A credential. `/resources` prints it as a UUID, `/credentials` as 22 characters of Base58.
    CredentialId
}
uuid_id! {
    /// An API key.
    ApiKeyId
}
uuid_id! {
    /// A person's entry in the directory. It is ordered by time; a person's own id comes from a token and is not.
    EntryId
}
uuid_id! {
    /// An activation: the time of a person from their entry in the directory, or from a deactivation, to the next deactivation or their
    /// deletion. A session belongs to the activation in which it was started.
    ActivationId
}
uuid_id! {
    /// A row of the audit log.
    AuditId
}
uuid_id! {
    /// A session.
    SessionId
}
uuid_id! {
    /// An entry of the ledger: an ingress rule, from its first row to its removal.
    RuleId
}
uuid_id! {
    /// A worker's lease of a security group.
    LeaseId
}
uuid_id! {
    /// A deployment of Postern: one table. Its rules have this id in the cloud.
    DeploymentId
}
uuid_id! {
    /// One session's claim on one resource: a row of the session.
    SessionRowId
}

/// Length of every Base58 spelling: 58^21 < 2^128 < 58^22.
const BASE58_LENGTH: usize = 22;

/// The Base58 spelling (Bitcoin alphabet) of a UUID: its 128 bits as one number of 22 characters, padded on the left with `1`, the digit
/// zero.
#[must_use]
pub fn base58(uuid: Uuid) -> String {
    let digits = bs58::encode(uuid.as_u128().to_be_bytes()).into_string();
    // bs58 writes one `1` for each leading zero byte. This padding has a fixed length instead.
    let significant = digits.trim_start_matches('1');
    format!("{significant:1>BASE58_LENGTH$}")
}

/// Reads the spelling that [`base58`] writes.
///
/// # Errors
/// [`NotAnId`] for any other length or alphabet, and for numbers of more than 128 bits.
pub fn parse_base58(text: &str) -> Result<Uuid, NotAnId> {
    if text.len() != BASE58_LENGTH {
        return Err(NotAnId);
    }
    let bytes = bs58::decode(text).into_vec().map_err(|_| NotAnId)?;
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let significant = bytes.get(first..).unwrap_or_default();
    if significant.len() > 16 {
        return Err(NotAnId);
    }
    let number = significant.iter().fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    Ok(Uuid::from_u128(number))
}

impl CredentialId {
    /// The spelling of the credentials family.
    #[must_use]
    pub fn base58(self) -> String {
        base58(self.0)
    }

    /// The spelling by which other objects refer to the credential: `credentials://<base58>`.
    #[must_use]
    pub fn uri(self) -> String {
        format!("credentials://{}", self.base58())
    }

    /// Reads any spelling in which a credential may be named: UUID, Base58 or `credentials://` URI. A hyphen
    /// never occurs in Base58, so the spellings cannot be confused.
    ///
    /// # Errors
    /// [`NotAnId`] for everything else.
    pub fn parse_any(text: &str) -> Result<Self, NotAnId> {
        let bare = text.strip_prefix("credentials://").unwrap_or(text);
        Self::parse(bare).or_else(|_| parse_base58(bare).map(Self))
    }
}

impl SessionId {
    /// When it was made, in milliseconds since 1970: its first 48 bits (RFC 9562 §5.7).
    #[must_use]
    pub fn unix_millis(self) -> i64 {
        i64::try_from(self.0.as_u128() >> 80).unwrap_or(i64::MAX)
    }
}

impl RuleId {
    /// When it was made, in milliseconds since 1970.
    #[must_use]
    pub fn unix_millis(self) -> i64 {
        i64::try_from(self.0.as_u128() >> 80).unwrap_or(i64::MAX)
    }
}

impl ApiKeyId {
    /// The spelling in the text of a key.
    #[must_use]
    pub fn base58(self) -> String {
        base58(self.0)
    }

    /// Reads the spelling in the text of a key.
    ///
    /// # Errors
    /// [`NotAnId`] for everything else.
    pub fn parse_base58(text: &str) -> Result<Self, NotAnId> {
        parse_base58(text).map(Self)
    }
}

impl RoleId {
    /// The spelling of the credentials family, which calls a role a team.
    #[must_use]
    pub fn base58(self) -> String {
        base58(self.0)
    }

    /// Reads a team: Base58 or UUID.
    ///
    /// # Errors
    /// [`NotAnId`] for everything else.
    pub fn parse_any(text: &str) -> Result<Self, NotAnId> {
        Self::parse(text).or_else(|_| parse_base58(text).map(Self))
    }
}

/// The unreserved characters of RFC 3986 §2.3. They need no encoding in a URL, and none of them separates the parts of a table key.
fn is_url_safe(text: &str, longest: usize) -> bool {
    // These two mean another folder in a path, so clients rewrite it (RFC 3986 §5.2.4).
    let is_relative = [".", ".."].contains(&text);
    !is_relative
        && (1..=longest).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
}

macro_rules! named_id {
    ($(#[$doc:meta])* $name:ident, $longest:literal, $is_fit:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Reads the identifier as a token names it.
            ///
            /// # Errors
            /// [`NotAnId`] if it is empty, too long or has another character.
            pub fn parse(text: &str) -> Result<Self, NotAnId> {
                if $is_fit(text, $longest) { Ok(Self(text.into())) } else { Err(NotAnId) }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(|_| serde::de::Error::custom("not an identifier"))
            }
        }
    };
}

named_id! {
    /// An organization, the tenant: 1–64 URL-safe characters, as the identity provider's token names it.
    OrgId, 64, is_url_safe
}
named_id! {
    /// A person: the token's subject, 1–128 characters, see [`USER_ID_RULE`].
    UserId, 128, is_subject
}

impl UserId {
    /// Postern itself, as the audit log names it.
    #[must_use]
    pub fn postern() -> Self {
        Self("postern".into())
    }

    /// The id of a person whose token is unknown yet: a fresh UUID of version 7.
    #[must_use]
    pub fn generate(now: Timestamp) -> Self {
        Self(ordered(now).as_hyphenated().to_string())
    }

    /// Whether [`generate`](Self::generate) made this id at this time. A token's subject is practically never such an id.
    #[must_use]
    pub fn is_generated(&self, at: Timestamp) -> bool {
        hyphenated(&self.0).is_ok_and(|uuid| uuid.get_version_num() == 7)
            && Timestamp::in_id(&self.0).is_some_and(|made| made.unix_millis() == at.unix_millis())
    }

    /// Reads the identifier for a filter. Every spelling of a UUID becomes the one that Postern writes.
    ///
    /// # Errors
    /// Those of [`UserId::parse`].
    pub fn parse_spelled(text: &str) -> Result<Self, NotAnId> {
        match spelled(text) {
            // This spelling may be a person's subject, letter by letter.
            Ok(_) if text.len() == 36 => Self::parse(text),
            Ok(uuid) => Ok(Self(uuid.as_hyphenated().to_string())),
            Err(_) => Self::parse(text),
        }
    }

    /// Whether two texts name the same person: the same text, or the same UUID.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self == other || hyphenated(&self.0).is_ok_and(|own| hyphenated(&other.0) == Ok(own))
    }

    /// Whether it is a UUID, which can be written in another case.
    #[must_use]
    pub fn has_spellings(&self) -> bool {
        hyphenated(&self.0).is_ok_and(|uuid| uuid.as_hyphenated().to_string() != self.0)
    }

    /// The spelling of the credentials family: Base58 for a UUID, otherwise the id itself.
    #[must_use]
    pub fn base58(&self) -> String {
        hyphenated(&self.0).map_or_else(|_| self.0.clone(), base58)
    }
}

#[cfg(test)]
mod tests;
