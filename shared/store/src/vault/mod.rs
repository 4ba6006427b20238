//! Secrets at rest: envelope encryption under a key that never leaves KMS.
//!
//! Each value is sealed with AES-256-GCM under its own data key, which KMS makes and wraps. Organization and credential are the
//! encryption context and the associated data, so a sealed value opens only for its own credential. KMS logs each opening with that
//! context. KMS's `Encrypt` is not used because it takes 4 KiB at most.

pub(crate) mod kms;
pub(crate) mod secrets_manager;
mod service;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use model::id::{CredentialId, OrgId};
use model::secret::SecretJson;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::table::error::{Cause, StoreError, corrupt, from_sdk};
use crate::vault::kms::{DataKey, Kms};

/// Version of the layout: this byte, the length of the wrapped key in two bytes (big-endian), the wrapped key,
/// the nonce, the sealed text with its tag.
const LAYOUT: u8 = 1;

/// A sealed value, as the table has it. Only KMS opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Takes the bytes of an item.
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes for an item.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0.clone()
    }

    /// The wrapped key, the nonce and the sealed text.
    fn parts(&self) -> Option<(&[u8], [u8; NONCE_LEN], &[u8])> {
        let (&layout, rest) = self.0.split_first()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (wrapped, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>()?;
        (layout == LAYOUT).then_some((wrapped, *nonce, text))
    }
}

/// Seals and opens values.
#[derive(Debug, Clone)]
pub struct Vault {
    kms: Kms,
    key_id: String,
}

const ORGANIZATION: &str = "postern:organization";
const CREDENTIAL: &str = "postern:credential";

fn associated_data(org: &OrgId, id: CredentialId) -> Aad<String> {
    Aad::from(format!("{org}\n{id}"))
}

fn defect(what: &str) -> StoreError {
    StoreError::Defect(Cause::new(what))
}

/// What KMS wraps a data key with, and logs.
fn context(org: &OrgId, id: CredentialId) -> Value {
    json!({ORGANIZATION: org.as_str(), CREDENTIAL: id.to_string()})
}

fn cipher(data_key: &DataKey) -> Result<LessSafeKey, StoreError> {
    let key = UnboundKey::new(&AES_256_GCM, data_key.plaintext.expose_secret());
    key.map(LessSafeKey::new).map_err(|_| defect("KMS gave a data key of the wrong length"))
}

impl Vault {
    /// A vault under a KMS key: an id, an ARN or an alias.
    #[must_use]
    pub fn new(kms: Kms, key_id: impl Into<String>) -> Self {
        Self { kms, key_id: key_id.into() }
    }

    /// Seals a value for its credential. One call to KMS.
    ///
    /// # Errors
    /// Busy or defect.
    pub async fn seal(
        &self,
        org: &OrgId,
        id: CredentialId,
        value: &SecretJson,
    ) -> Result<Sealed, StoreError> {
        let data_key = self.kms.generate(&self.key_id, &context(org, id)).await;
        let data_key = data_key.map_err(|error| from_sdk(&error))?;
        let wrapped = &data_key.wrapped;
        if wrapped.is_empty() {
            return Err(defect("KMS gave no wrapped data key"));
        }
        let mut nonce = [0; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut nonce).map_err(|_| defect("no random numbers"))?;
        let mut text = value.expose().as_bytes().to_vec();
        cipher(&data_key)?
            .seal_in_place_append_tag(Nonce::from(&nonce), associated_data(org, id), &mut text)
            .map_err(|_| defect("a value cannot be sealed"))?;
        let length = u16::try_from(wrapped.len()).map_err(|_| defect("KMS gave an endless data key"))?;
        let bytes = [&[LAYOUT], length.to_be_bytes().as_slice(), wrapped, &nonce, &text].concat();
        Ok(Sealed(bytes))
    }

    /// Opens a value of its credential. One call to KMS.
    ///
    /// # Errors
    /// Busy; a defect if the value was sealed for another credential, or altered.
    pub async fn open(
        &self,
        org: &OrgId,
        id: CredentialId,
        sealed: &Sealed,
    ) -> Result<SecretJson, StoreError> {
        let (wrapped, nonce, text) = sealed.parts().ok_or_else(|| corrupt("a sealed value is malformed"))?;
        let data_key = self.kms.decrypt(&self.key_id, wrapped, &context(org, id)).await;
        let data_key = data_key.map_err(|error| from_sdk(&error))?;
        let mut text = text.to_vec();
        let opened = cipher(&data_key)?
            .open_in_place(Nonce::from(&nonce), associated_data(org, id), &mut text)
            .map_err(|_| corrupt("a sealed value does not open in its place"))?;
        String::from_utf8(opened.to_vec()).map(SecretJson::new).map_err(|_| corrupt("a value is not text"))
    }
}
