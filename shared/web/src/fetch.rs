//! Reads an issuer's discovery document and keys over HTTP, and secrets from Secrets Manager.

use auth::{Fetch, FetchFault, is_fetchable};
use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use futures_util::future::BoxFuture;
use https::Https;
use secrecy::SecretString;
use std::fmt::Display;
use std::time::Duration;
use store::SecretsManager;

/// Longest wait for a whole answer. A caller may be waiting for it.
const WHOLE: Duration = Duration::from_secs(3);
/// Largest document, in bytes. Twenty keys with their certificates have about 40 KiB.
const BODY_MAX_BYTES: usize = 256 * 1024;

/// Reads documents without following redirections, and secrets where it knows AWS.
#[derive(Debug, Default)]
pub struct HttpFetch {
    https: Https,
    secrets: Option<SecretsManager>,
}

fn fault(error: impl Display) -> FetchFault {
    FetchFault(error.to_string())
}

impl HttpFetch {
    /// Reads secrets too.
    pub(crate) fn with_secrets(config: &SdkConfig) -> Self {
        Self { https: Https::default(), secrets: Some(SecretsManager::new(config)) }
    }

    async fn document(&self, url: &str) -> Result<Vec<u8>, FetchFault> {
        if !is_fetchable(url) {
            return Err(FetchFault(format!("{url} is not fetched: it is not https")));
        }
        let request = http::Request::get(url).header("accept", "application/json");
        let request = HttpRequest::try_from(request.body(SdkBody::empty()).map_err(fault)?).map_err(fault)?;
        let answer: HttpResponse =
            self.https.send(request, Some(WHOLE)).await.map_err(|error| fault(https::kind(&error)))?;
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

    fn secret<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<SecretString, FetchFault>> {
        Box::pin(async move {
            let secrets = self.secrets.as_ref();
            let secrets =
                secrets.ok_or_else(|| FetchFault(format!("{name}: this process reads no secrets")))?;
            secrets.current(name).await.map_err(|why| FetchFault(format!("{name}: {why}")))
        })
    }
}
