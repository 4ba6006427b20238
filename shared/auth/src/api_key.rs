//! The text of an API key.
//!
//! It has `pst_`, the key's id in 22 Base58 characters, 32 random bytes in 43 characters of base64url, `.` and the organization. Every key of the
//! table begins with an organization, so the text must name one. A forged name leads to a partition without that id.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::api_key::PREFIX;
use model::id::{ApiKeyId, OrgId};
use secrecy::SecretString;
use std::fmt;

/// Longest text, in bytes: prefix, id, secret, full stop and the longest organization.
const TEXT_MAX: usize = 134;
const ID_LENGTH: usize = 22;
const SECRET_BYTES: usize = 32;
const SECRET_LENGTH: usize = 43;

/// The digest of a key's text, which the table keeps. A plain SHA-256 suffices, because 256 random bits cannot be guessed.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    fn of(text: &str) -> Self {
        Self(digest(&SHA256, text.as_bytes()).as_ref().first_chunk().copied().unwrap_or_default())
    }

    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Compares two digests in constant time.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash")
    }
}

/// A key from a request. Its text is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedKey {
    pub org: OrgId,
    pub id: ApiKeyId,
    /// To compare with the digest in the table.
    pub hash: KeyHash,
}

impl PresentedKey {
    /// Reads the text of a key. A malformed text gives nothing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > TEXT_MAX {
            return None;
        }
        let (id, rest) = text.strip_prefix(PREFIX)?.split_at_checked(ID_LENGTH)?;
        let (secret, rest) = rest.split_at_checked(SECRET_LENGTH)?;
        let org = OrgId::parse(rest.strip_prefix('.')?).ok()?;
        URL_SAFE_NO_PAD.decode(secret).ok().filter(|secret| secret.len() == SECRET_BYTES)?;
        Some(Self { org, id: ApiKeyId::parse_base58(id).ok()?, hash: KeyHash::of(text) })
    }
}

/// A new key.
#[derive(Debug, Clone)]
pub struct IssuedKey {
    /// The text. Callers see it once.
    pub text: SecretString,
    /// The digest for the table.
    pub hash: KeyHash,
}

/// The system has no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRandomness;

impl IssuedKey {
    /// Makes the text of a key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate(org: &OrgId, id: ApiKeyId) -> Result<Self, NoRandomness> {
        let mut secret = [0; SECRET_BYTES];
        rand::fill(&mut secret).map_err(|_| NoRandomness)?;
        let text = format!("{PREFIX}{}{}.{org}", id.base58(), URL_SAFE_NO_PAD.encode(secret));
        Ok(Self { hash: KeyHash::of(&text), text: text.into() })
    }
}
