//! Calls by HTTP/1.1 over TLS: to AWS, for the SDK and without it, and to issuers of tokens. docs/adr/0019.

mod fault;
mod idle;
mod service_url;
mod tls;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use hyper::header::{HeaderValue, USER_AGENT};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as Tcp;
use hyper_util::rt::TokioExecutor;
use idle::{Elapsed, IDLE_MAX};
use rustls::ClientConfig;
use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

pub use fault::{is_broken, kind};
pub use service_url::service_url;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(1);

/// Who calls, as CloudTrail and issuers of tokens see it.
const POSTERN: HeaderValue = HeaderValue::from_static(concat!("postern/", env!("CARGO_PKG_VERSION")));

type Pool = Client<HttpsConnector<Tcp>, SdkBody>;

/// The connections of a process. Clones share them. The first call builds it, TLS and all: a process that never calls does not.
#[derive(Clone, Default)]
pub struct Https {
    pool: Arc<OnceLock<Pool>>,
}

impl fmt::Debug for Https {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Https")
    }
}

impl Https {
    /// Sends a request in Postern's name, and has the answer's head; its body is still to be read. No redirection is
    /// followed.
    ///
    /// # Errors
    /// No answer, within the given time if there is one: with whether trying again may help.
    pub async fn send(
        &self,
        request: HttpRequest,
        longest: Option<Duration>,
    ) -> Result<HttpResponse, ConnectorError> {
        let mut request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        request.headers_mut().insert(USER_AGENT, POSTERN);
        let answer = self.pool.get_or_init(|| pool(TLS.clone())).request(request);
        let answer = match longest {
            Some(longest) => tokio::time::timeout(longest, answer)
                .await
                .map_err(|error| ConnectorError::timeout(error.into()))?,
            None => answer.await,
        };
        let answer = answer.map_err(fault::of_call)?.map(SdkBody::from_body_1_x);
        HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
    }
}

impl HttpClient for Https {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Line { https: self.clone(), longest: settings.read_timeout() })
    }
}

#[derive(Debug)]
struct Line {
    https: Https,
    longest: Option<Duration>,
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (https, longest) = (self.https.clone(), self.longest);
        HttpConnectorFuture::new(async move { https.send(request, longest).await })
    }
}

static TLS: LazyLock<ClientConfig> = LazyLock::new(|| tls::client(tls::authorities()));

fn pool(tls: ClientConfig) -> Pool {
    let mut tcp = Tcp::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT));
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
    let mut client = Client::builder(TokioExecutor::new());
    client.pool_timer(Elapsed::new()).pool_idle_timeout(IDLE_MAX).build(connector)
}

#[cfg(test)]
mod handshakes;
