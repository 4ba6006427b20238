//! Servers with certificates of every kind, and what the client makes of them.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use rcgen::{
    BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, SignatureAlgorithm, date_time_ymd,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::{Https, pool, tls};

const NAME: &str = "localhost";

/// A certificate authority.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    fn trusted(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        roots
    }

    /// A server of a name, with a key of a kind, until a year.
    fn server(
        &self,
        name: &str,
        kind: &'static SignatureAlgorithm,
        until: i32,
        version: &'static SupportedProtocolVersion,
    ) -> ServerConfig {
        let key = KeyPair::generate_for(kind).unwrap();
        let mut params = CertificateParams::new(vec![name.into()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap()
    }
}

/// Answers one call; its address.
async fn serve(server: ServerConfig) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = TlsAcceptor::from(Arc::new(server)).accept(stream).await else { return };
        let mut head = [0; 1024];
        let _ = stream.read(&mut head).await.unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        stream.shutdown().await.unwrap();
    });
    format!("https://{NAME}:{port}/")
}

/// The status that a client who trusts somebody gets, or its complaint, whole.
async fn call(trusted: RootCertStore, server: ServerConfig) -> Result<u16, String> {
    let https = Https { pool: Arc::new(OnceLock::from(pool(tls::client(trusted)))) };
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_uri(serve(server).await).unwrap();
    let answer = https.send(request, None).await;
    answer.map(|answer| answer.status().as_u16()).map_err(|error| format!("{error:?}"))
}

#[tokio::test]
async fn certificates_of_every_kind_are_taken_in_both_versions() {
    let authority = Authority::new();
    for kind in [&PKCS_RSA_SHA256, &PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
        for version in [&TLS12, &TLS13] {
            let server = authority.server(NAME, kind, 2100, version);
            assert_eq!(call(authority.trusted(), server).await, Ok(204), "{kind:?} {version:?}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_trusted_is_not_called() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let kind = &PKCS_ECDSA_P256_SHA256;
    for (trusted, server, complaint) in [
        (stranger.trusted(), authority.server(NAME, kind, 2100, &TLS13), "BadSignature"),
        (authority.trusted(), authority.server("other.example", kind, 2100, &TLS13), "NotValidForName"),
        (authority.trusted(), authority.server(NAME, kind, 2021, &TLS13), "Expired"),
    ] {
        let refused = call(trusted, server).await.unwrap_err();
        assert!(refused.contains(complaint), "{complaint}: {refused}");
    }
}
