//! KMS: the two calls that the vault makes (AWS Key Management Service API Reference, "GenerateDataKey", "Decrypt").

use aws_config::SdkConfig;
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use secrecy::SecretSlice;
use std::collections::HashMap;

use crate::table::error::{Cause, StoreError, from_sdk};

/// KMS in a function's region.
#[derive(Debug, Clone)]
pub struct Kms {
    client: Client,
}

/// The context to which KMS binds a data key, and which KMS logs.
pub(crate) type EncryptionContext = HashMap<String, String>;

/// A data key, open.
#[derive(Debug)]
pub(crate) struct DataKey {
    pub(crate) plaintext: SecretSlice<u8>,
    /// The same key, encrypted under the key that never leaves KMS.
    pub(crate) wrapped: Vec<u8>,
}

fn secret(plaintext: Option<Blob>) -> Result<SecretSlice<u8>, StoreError> {
    let plaintext = plaintext.ok_or_else(|| StoreError::Defect(Cause::new("KMS gave no data key")))?;
    Ok(plaintext.into_inner().into())
}

impl Kms {
    /// KMS at the address that `config` names, or in its region.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// A new data key of 256 bits, open and wrapped under a key: an id, an ARN or an alias.
    pub(crate) async fn generate(
        &self,
        key_id: &str,
        context: EncryptionContext,
    ) -> Result<DataKey, StoreError> {
        let call = self.client.generate_data_key().key_id(key_id).key_spec(DataKeySpec::Aes256);
        let call = call.set_encryption_context(Some(context));
        let answer = call.send().await.map_err(|error| from_sdk(&error))?;
        let wrapped = answer.ciphertext_blob.map(Blob::into_inner).unwrap_or_default();
        Ok(DataKey { plaintext: secret(answer.plaintext)?, wrapped })
    }

    /// Opens a wrapped data key. KMS refuses one that was wrapped under another key or in another context.
    pub(crate) async fn decrypt(
        &self,
        key_id: &str,
        wrapped: &[u8],
        context: EncryptionContext,
    ) -> Result<SecretSlice<u8>, StoreError> {
        let call = self.client.decrypt().key_id(key_id).ciphertext_blob(Blob::new(wrapped));
        let call = call.set_encryption_context(Some(context));
        let answer = call.send().await.map_err(|error| from_sdk(&error))?;
        secret(answer.plaintext)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn no_log_shows_a_data_key() {
        let plaintext = secret(Some(Blob::new("secret"))).unwrap();
        let key = DataKey { plaintext, wrapped: vec![0, 1] };
        assert_eq!(key.plaintext.expose_secret(), b"secret");
        let shown = format!("{key:?}");
        assert!(!shown.contains("secret") && !shown.contains("115, 101"), "{shown}");
        assert!(matches!(secret(None), Err(StoreError::Defect(_))));
    }
}
