//! A stand-in for KMS: the two operations that the vault calls, under a key of this machine.
//!
//! It speaks KMS's JSON protocol, so that the vault has one way to seal and no switch that could be left on.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::Canned;
use crate::keys;

/// The key.
pub(super) struct Kms {
    master: [u8; 32],
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KmsRequest {
    #[serde(default)]
    key_id: String,
    #[serde(default)]
    ciphertext_blob: String,
    /// Sorted, because KMS takes it as a set.
    #[serde(default)]
    encryption_context: BTreeMap<String, String>,
}

impl Kms {
    /// A stand-in with this master key.
    #[must_use]
    pub(super) fn new(master: [u8; 32]) -> Self {
        Self { master }
    }

    /// Answers a call.
    #[must_use]
    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Canned {
        let Ok(call) = serde_json::from_slice::<KmsRequest>(body) else {
            return Canned::error("SerializationException", "not a call of KMS");
        };
        let reply = match operation {
            "GenerateDataKey" => self.generate_data_key(&call),
            "Decrypt" => self.decrypt(&call),
            _ => {
                return Canned::error("UnsupportedOperationException", "GenerateDataKey and Decrypt only");
            }
        };
        match reply {
            Some(reply) => Canned { status: 200, body: reply.to_string() },
            None => Canned::error("InvalidCiphertextException", "the ciphertext or its context is wrong"),
        }
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, &self.master).ok().map(LessSafeKey::new)
    }

    fn generate_data_key(&self, call: &KmsRequest) -> Option<Value> {
        let data_key = keys::random().ok()?;
        let mut nonce = [0; NONCE_LEN];
        aws_lc_rs::rand::fill(&mut nonce).ok()?;
        let mut wrapped = data_key.to_vec();
        let context = serde_json::to_vec(&call.encryption_context).ok()?;
        self.cipher()?
            .seal_in_place_append_tag(Nonce::from(&nonce), Aad::from(context), &mut wrapped)
            .ok()?;
        let blob = [nonce.as_slice(), &wrapped].concat();
        Some(json!({
            "KeyId": call.key_id,
            "CiphertextBlob": STANDARD.encode(blob),
            "Plaintext": STANDARD.encode(data_key),
        }))
    }

    fn decrypt(&self, call: &KmsRequest) -> Option<Value> {
        let blob = STANDARD.decode(&call.ciphertext_blob).ok()?;
        let (nonce, wrapped) = blob.split_first_chunk::<NONCE_LEN>()?;
        let mut wrapped = wrapped.to_vec();
        let context = serde_json::to_vec(&call.encryption_context).ok()?;
        let opened =
            self.cipher()?.open_in_place(Nonce::from(nonce), Aad::from(context), &mut wrapped).ok()?;
        Some(json!({
            "KeyId": call.key_id,
            "Plaintext": STANDARD.encode(&*opened),
            "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        }))
    }
}
