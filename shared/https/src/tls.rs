//! Whom a call trusts.

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// Names a file or folder of certificate authorities that are trusted instead, for an issuer with a private one: the names that OpenSSL
/// gave these variables.
const OTHER_AUTHORITIES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Mozilla's certificate authorities, which the system's bundle has too. To read that takes three quarters of all that a function does
/// until its first answer (bench/HISTORY.md); these are compiled in, ready for use.
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

/// TLS 1.2 and 1.3 as rustls and AWS-LC have them.
pub(crate) fn client(authorities: RootCertStore) -> ClientConfig {
    #[expect(clippy::expect_used, reason = "AWS-LC has what TLS 1.2 and 1.3 need")]
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_root_certificates(authorities)
        .with_no_client_auth()
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
