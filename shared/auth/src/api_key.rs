//! The text of an API key.
//!
//! `pst_`, the key's id in 22 Base58 characters, 32 random bytes in 43 characters of base64url, `.`, the organization. The
//! organization stands in it because every key of the table begins with it: a forged one leads to a partition in which the id
//! does not exist, and never into another tenant.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::api_key::PREFIX;
use model::id::{ApiKeyId, OrgId};
use secrecy::SecretString;
use std::fmt;

/// Longest text, in bytes: prefix, id, secret, full stop and the longest organization come to 134.
const TEXT_MAX: usize = 134;
const ID_LENGTH: usize = 22;
const SECRET_BYTES: usize = 32;
const SECRET_LENGTH: usize = 43;

/// What is kept of a key's text. A plain SHA-256 suffices: the text has 256 random bits, which no list of likely secrets
/// contains and nobody can try.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    fn of(text: &str) -> Self {
        Self(digest(&SHA256, text.as_bytes()).as_ref().first_chunk().copied().unwrap_or_default())
    }

    /// Takes the bytes of an item.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes for an item.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether two are equal, in a time that does not tell where they differ.
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

/// A key that a caller shows. Its text is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedKey {
    /// The organization that it names.
    pub org: OrgId,
    /// The key that it names.
    pub id: ApiKeyId,
    /// The digest, to be compared with the one that is kept.
    pub hash: KeyHash,
}

impl PresentedKey {
    /// Reads a key's text; nothing when it cannot be one.
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

/// A key that was made just now.
#[derive(Debug, Clone)]
pub struct IssuedKey {
    /// The text, to be shown once.
    pub text: SecretString,
    /// The digest, to be kept.
    pub hash: KeyHash,
}

/// The system gave no random numbers.
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
