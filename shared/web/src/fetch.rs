//! Gets documents by HTTP: an issuer's discovery document and its keys.

use auth::{Fetch, FetchFault, is_fetchable};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use futures_util::future::BoxFuture;
use std::fmt::{Debug, Display};
use std::sync::OnceLock;
use std::time::Duration;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(1);
/// Longest wait for all of an answer. A caller may be waiting too, and has 10 seconds.
const WHOLE: Duration = Duration::from_secs(3);
/// Largest document, in bytes. A set of twenty keys with their certificates has some 40 KiB.
const BODY_MAX_BYTES: usize = 256 * 1024;

/// Gets documents with the SDK's own HTTP client, which is built when it is first needed and follows no redirection.
#[derive(Default)]
pub struct HttpFetch {
    secure: OnceLock<Connector>,
    plain: OnceLock<Connector>,
}

impl Debug for HttpFetch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HttpFetch")
    }
}

fn fault(error: impl Display) -> FetchFault {
    FetchFault(error.to_string())
}

impl HttpFetch {
    fn connector(&self, url: &str) -> &Connector {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).read_timeout(WHOLE).build();
        let builder = Connector::builder().connector_settings(settings);
        if url.starts_with("https:") {
            let secure = || builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build();
            self.secure.get_or_init(secure)
        } else {
            self.plain.get_or_init(|| builder.build_http())
        }
    }

    async fn document(&self, url: &str) -> Result<Vec<u8>, FetchFault> {
        if !is_fetchable(url) {
            return Err(FetchFault(format!("{url} is not fetched: it is not https")));
        }
        let request = http::Request::get(url).header("accept", "application/json");
        let request = HttpRequest::try_from(request.body(SdkBody::empty()).map_err(fault)?).map_err(fault)?;
        let answer: HttpResponse = self.connector(url).call(request).await.map_err(fault)?;
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(FetchFault(format!("{url} answered {status}")));
        }
        let (mut stream, mut body) = (ByteStream::new(answer.into_body()), Vec::new());
        while let Some(part) = stream.try_next().await.map_err(fault)? {
            if body.len() + part.len() > BODY_MAX_BYTES {
                return Err(FetchFault(format!("{url} has more than {BODY_MAX_BYTES} bytes")));
            }
            body.extend_from_slice(&part);
        }
        Ok(body)
    }
}

impl Fetch for HttpFetch {
    fn get<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, FetchFault>> {
        Box::pin(async move {
            let answer = tokio::time::timeout(WHOLE, self.document(url)).await;
            answer.map_err(|_| FetchFault(format!("{url} gave no answer in time")))?
        })
    }
}
