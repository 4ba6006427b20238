//! Whom a call trusts, and by what algorithms: docs/adr/0036.

use rustls::crypto::aws_lc_rs::{cipher_suite, kx_group};
use rustls::crypto::{CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, WebPkiSupportedAlgorithms};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use rustls::{ClientConfig, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;
use webpki::aws_lc_rs as signatures;

/// Names a file or folder of certificate authorities that are trusted instead, for an issuer with a private one: the names that OpenSSL
/// gave these variables.
const OTHER_AUTHORITIES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Mozilla's certificate authorities, which the system's bundle has too. To read that takes three quarters of all that a function does
/// until its first answer (docs/performance.md); these are compiled in, ready for use.
pub(crate) fn authorities() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let is_told = OTHER_AUTHORITIES.iter().any(|name| std::env::var_os(name).is_some());
    if !is_told {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        return roots;
    }
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        // Every call will fail for want of trust, and the reason is here.
        tracing::error!(errors = ?found.errors, "there are no certificate authorities where the environment says");
    }
    roots
}

/// TLS 1.2 and 1.3, by AES-GCM after an exchange of keys that is forgotten.
pub(crate) fn client(authorities: RootCertStore) -> ClientConfig {
    #[expect(clippy::expect_used, reason = "there are suites of both versions")]
    ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_root_certificates(authorities)
        .with_no_client_auth()
}

fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: vec![
            cipher_suite::TLS13_AES_256_GCM_SHA384,
            cipher_suite::TLS13_AES_128_GCM_SHA256,
            cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        ],
        kx_groups: vec![kx_group::X25519MLKEM768, kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1],
        signature_verification_algorithms: SIGNATURES,
        secure_random: &AwsLc,
        key_provider: &NoKeys,
    }
}

/// The keys that certificates of public authorities may have: RSA, P-256 and P-384 (Mozilla Root Store Policy §5.1).
const SIGNATURES: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        signatures::ECDSA_P256_SHA256,
        signatures::ECDSA_P256_SHA384,
        signatures::ECDSA_P384_SHA256,
        signatures::ECDSA_P384_SHA384,
        signatures::RSA_PKCS1_2048_8192_SHA256,
        signatures::RSA_PKCS1_2048_8192_SHA384,
        signatures::RSA_PKCS1_2048_8192_SHA512,
        signatures::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        signatures::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        signatures::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
    ],
    // In TLS 1.2 a scheme does not say on which curve the key lies.
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[signatures::ECDSA_P384_SHA384, signatures::ECDSA_P256_SHA384],
        ),
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[signatures::ECDSA_P256_SHA256, signatures::ECDSA_P384_SHA256],
        ),
        (SignatureScheme::RSA_PSS_SHA512, &[signatures::RSA_PSS_2048_8192_SHA512_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA384, &[signatures::RSA_PSS_2048_8192_SHA384_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA256, &[signatures::RSA_PSS_2048_8192_SHA256_LEGACY_KEY]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[signatures::RSA_PKCS1_2048_8192_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[signatures::RSA_PKCS1_2048_8192_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[signatures::RSA_PKCS1_2048_8192_SHA256]),
    ],
};

#[derive(Debug)]
struct AwsLc;

impl SecureRandom for AwsLc {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), GetRandomFailed> {
        aws_lc_rs::rand::fill(buffer).map_err(|_| GetRandomFailed)
    }
}

/// Nobody shows a certificate of their own.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Err(Error::General("this client has no key".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_authorities_to_trust() {
        let names: Vec<_> = authorities().roots.iter().map(|root| root.subject.as_ref().to_vec()).collect();
        let amazon = names.iter().filter(|name| name.windows(14).any(|part| part == b"Amazon Root CA"));
        assert_eq!(amazon.count(), 4, "of {}", names.len());
    }
}
