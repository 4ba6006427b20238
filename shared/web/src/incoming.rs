//! A request as handlers' inputs see it.

use aws_lc_rs::digest::{Context, SHA256};
use http::HeaderMap;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt};
use model::once::{self, Once};
use model::principal::Principal;
use std::fmt;
use std::sync::OnceLock;

use crate::failure::Failure;

/// Largest body, in bytes (docs/api.md).
pub(crate) const BODY_MAX_BYTES: usize = 256 * 1024;

/// A request that API Gateway has routed to this function. Its headers and its body hold tokens and secrets, so that
/// `Debug` shows neither.
pub struct Incoming {
    /// The method's name.
    pub method: String,
    /// The path as the caller sent it, with its base.
    pub path: String,
    /// Headers; names in lower case, repeated ones joined by commas, as the gateway does.
    pub headers: HeaderMap,
    /// The address that the gateway saw. Headers never name an address.
    pub source_ip: Option<String>,
    /// The gateway's id for this request, which ties a response to the log.
    pub request_id: String,
    /// The decoded query.
    pub query: QueryMap,
    path_parameters: QueryMap,
    body: Body,
    /// Who turned out to be calling, for the log.
    pub(crate) principal: OnceLock<Principal>,
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.method, self.path, self.request_id)
    }
}

impl Incoming {
    /// Takes the request apart.
    #[must_use]
    pub fn new(request: Request) -> Self {
        let path = request.raw_http_path().to_owned();
        let path_parameters = request.path_parameters();
        let query = request.query_string_parameters();
        let (mut source_ip, mut request_id) = (None, None);
        if let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() {
            source_ip = context.http.source_ip.clone();
            request_id = context.request_id.clone();
        }
        let (head, body) = request.into_parts();
        Self {
            method: head.method.to_string(),
            path,
            headers: head.headers,
            source_ip,
            request_id: request_id.unwrap_or_else(|| "unknown".into()),
            query,
            path_parameters,
            body,
            principal: OnceLock::new(),
        }
    }

    /// A header, where it is readable text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A parameter of the path, decoded.
    #[must_use]
    pub fn path_parameter(&self, name: &str) -> Option<&str> {
        self.path_parameters.first(name)
    }

    /// What tells a repetition of this request: of a POST with an `Idempotency-Key`.
    ///
    /// # Errors
    /// A key that is none.
    pub(crate) fn once(&self) -> Result<Option<Once>, Failure> {
        if self.method != "POST" || !self.headers.contains_key(once::HEADER) {
            return Ok(None);
        }
        let key = self.header(once::HEADER).unwrap_or_default();
        once::check_key(key)?;
        // The lengths keep what belongs to the path apart from what belongs to the body.
        let head = format!("{}:{} {}:{}", self.method.len(), self.method, self.path.len(), self.path);
        Ok(Some(Once { key: hex(&[key.as_bytes()]), fingerprint: hex(&[head.as_bytes(), self.body()]) }))
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.body.as_ref()
    }
}

/// SHA-256 of some bytes, in hexadecimal digits.
fn hex(parts: &[&[u8]]) -> String {
    let mut digest = Context::new(&SHA256);
    for part in parts {
        digest.update(part);
    }
    digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
