//! The SDK's HTTP client.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use https::Https;
use std::io::{Error, ErrorKind};
use std::sync::Arc;

use super::hang::Hang;
use super::trouble::Way;
use super::{Canned, FaultProxy, meter, mutant};

/// A client whose calls pass by a record.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    inner: SharedHttpClient,
    record: Arc<FaultProxy>,
}

impl Wire {
    /// A client whose calls pass by this record.
    pub(crate) fn new(record: Arc<FaultProxy>) -> Self {
        Self { inner: SharedHttpClient::new(Https::default()), record }
    }
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Line { inner, record: Arc::clone(&self.record) })
    }
}

#[derive(Debug)]
struct Line {
    inner: SharedHttpConnector,
    record: Arc<FaultProxy>,
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, record) = (self.inner.clone(), Arc::clone(&self.record));
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
            let body = request.body().bytes().unwrap_or_default().to_vec();
            let mut request = request;
            if let Some(mutant) = mutant::body(&body) {
                set_body(&mut request, mutant);
            }
            let begun = record.meter.begin(&target);
            if let Some(asking) = begun.as_ref().and_then(|begun| meter::asking(begun, &body)) {
                set_body(&mut request, asking);
            }
            let mut hanging = record.hangs.next();
            hanging.hang(Hang::Before).await;
            let (way, _under_way) = record.way(&target, &body).await;
            let answer = match (way, begun) {
                (Way::Pass, Some(begun)) => Ok(record.meter.read(&begun, inner.call(request).await?).await),
                (way, _) => go(way, &inner, request).await,
            };
            hanging.hang(Hang::After).await;
            answer
        })
    }
}

async fn go(
    way: Way,
    inner: &SharedHttpConnector,
    request: HttpRequest,
) -> Result<HttpResponse, ConnectorError> {
    match way {
        Way::Pass => inner.call(request).await,
        Way::Answer(canned) => Ok(answer(canned)),
        Way::ResetBefore => Err(reset()),
        Way::ResetAfter => inner.call(request).await.and_then(|_| Err(reset())),
        Way::Delay(pause) => {
            tokio::time::sleep(pause).await;
            inner.call(request).await
        }
    }
}

/// Puts another body in the place of a request's.
pub(crate) fn set_body(request: &mut HttpRequest, body: Vec<u8>) {
    request.headers_mut().insert("content-length", body.len().to_string());
    *request.body_mut() = SdkBody::from(body);
}

fn answer(canned: Canned) -> HttpResponse {
    let status = StatusCode::try_from(canned.status).expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(canned.body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}

fn reset() -> ConnectorError {
    ConnectorError::io(Error::new(ErrorKind::ConnectionReset, "a reset of the test").into())
}
