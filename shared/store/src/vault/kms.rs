//! KMS: the two calls that the vault makes (AWS Key Management Service API Reference, "GenerateDataKey", "Decrypt").

use aws_config::SdkConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretSlice;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;

use crate::vault::service::{BoxError, Service, ServiceError};

/// KMS in a function's region.
#[derive(Clone)]
pub struct Kms {
    service: Service<DataKey>,
}

impl fmt::Debug for Kms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kms")
    }
}

/// A data key, open.
#[derive(Debug)]
pub(crate) struct DataKey {
    pub(crate) plaintext: SecretSlice<u8>,
    /// The same under the key that never leaves KMS; nothing where it was given.
    pub(crate) wrapped: Vec<u8>,
}

impl Kms {
    /// KMS as a function sees it: where `config` says, or in its region.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self { service: Service::new(config, "kms", data_key) }
    }

    /// A new data key of 256 bits, open and wrapped under a key: an id, an ARN or an alias.
    pub(crate) async fn generate(&self, key_id: &str, context: &Value) -> Result<DataKey, ServiceError> {
        let body = json!({"KeyId": key_id, "KeySpec": "AES_256", "EncryptionContext": context});
        self.service.call("TrentService.GenerateDataKey", body).await
    }

    /// A wrapped data key, open. KMS refuses one that was wrapped under another key or in another context.
    pub(crate) async fn decrypt(
        &self,
        key_id: &str,
        wrapped: &[u8],
        context: &Value,
    ) -> Result<DataKey, ServiceError> {
        let blob = STANDARD.encode(wrapped);
        let body = json!({"KeyId": key_id, "CiphertextBlob": blob, "EncryptionContext": context});
        self.service.call("TrentService.Decrypt", body).await
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    plaintext: String,
    #[serde(default)]
    ciphertext_blob: String,
}

fn data_key(body: &[u8]) -> Result<DataKey, BoxError> {
    let answer = serde_json::from_slice::<Answer>(body)?;
    let (plaintext, wrapped) =
        (STANDARD.decode(&answer.plaintext)?, STANDARD.decode(&answer.ciphertext_blob)?);
    Ok(DataKey { plaintext: plaintext.into(), wrapped })
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn an_answer_is_a_key_that_no_log_shows() {
        let key = data_key(br#"{"KeyId": "k", "Plaintext": "c2VjcmV0", "CiphertextBlob": "AAE="}"#).unwrap();
        assert_eq!((key.plaintext.expose_secret(), key.wrapped.as_slice()), (&b"secret"[..], &[0, 1][..]));
        let shown = format!("{key:?}");
        assert!(!shown.contains("secret") && !shown.contains("115, 101"), "{shown}");
        for broken in ["", "{}", r#"{"Plaintext": "%"}"#, r#"{"Plaintext": 1}"#] {
            assert!(data_key(broken.as_bytes()).is_err(), "{broken}");
        }
    }
}
