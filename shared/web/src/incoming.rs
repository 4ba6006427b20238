//! A request as handlers' inputs see it.

use aws_lc_rs::digest::{Context, SHA256};
use http::HeaderMap;
use lambda_http::Body;
use model::idempotency::{self, IdempotencyKey};
use model::principal::Principal;
use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;
use store::Payer;

use crate::edge::{Edge, UnknownSource};
use crate::event::Event;
use crate::failure::Failure;
use crate::place;
use crate::reference;
use crate::unrouted::REST;

/// Largest body, in bytes (docs/api.md).
pub(crate) const BODY_MAX_BYTES: usize = 256 * 1024;

/// Longest path and query, in bytes.
pub(crate) const URI_MAX_BYTES: usize = 8 * 1024;

/// Most bytes of all headers, names and values: API Gateway's own limit, which other gateways do not have.
const HEADERS_MAX_BYTES: usize = 10_240;

/// A request that API Gateway has routed to this function. Its headers and its body hold tokens and secrets, so that
/// `Debug` shows neither.
pub struct Incoming {
    /// The method's name.
    pub method: String,
    /// The whole path, as API Gateway hands it over: decoded, with what stands in front of the API.
    pub path: String,
    /// The API's own part of it, which does not depend on where a deployment answers.
    pub(crate) own_path: String,
    /// Headers; names in lower case, repeated ones joined by commas, as the gateway does.
    pub headers: HeaderMap,
    /// The gateway's id for this request, which ties a response to the log.
    pub request_id: String,
    /// The parameters of the query, decoded, in their order.
    pub query: Vec<(String, String)>,
    source: Result<Option<String>, UnknownSource>,
    path_parameters: HashMap<String, String>,
    /// The query as it was sent.
    pub(crate) raw_query: String,
    body: Body,
    /// Who turned out to be calling, for the log.
    pub(crate) principal: OnceLock<Principal>,
    /// Who pays for the request, where that is known.
    pub(crate) payer: OnceLock<Payer>,
    /// Set when the caller has asked too often.
    pub(crate) is_over_limit: OnceLock<()>,
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.method, self.path, self.request_id)
    }
}

impl Incoming {
    /// Takes the event apart.
    #[must_use]
    pub fn new(event: Event, edge: &Edge) -> Self {
        let (context, query) = (event.request_context, event.raw_query_string.unwrap_or_default());
        let mut headers = event.headers;
        let path = event.raw_path.unwrap_or_default();
        let own_path = place::own_path(&path, event.route_key.as_deref(), &context);
        let source = edge.source(&mut headers, context.http.source_ip);
        let body = event.body.as_deref();
        Self {
            method: context.http.method.to_string(),
            path,
            own_path,
            headers,
            source,
            request_id: context
                .request_id
                .filter(|id| is_header_text(id))
                .unwrap_or_else(|| "unknown".into()),
            // The gateway's own map of it joins what was said twice with commas, which may stand in a value as well.
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            raw_query: query,
            path_parameters: event.path_parameters,
            body: body
                .map_or_else(Body::default, |body| Body::from_maybe_encoded(event.is_base64_encoded, body)),
            principal: OnceLock::new(),
            payer: OnceLock::new(),
            is_over_limit: OnceLock::new(),
        }
    }

    /// Whether path and headers are of a size that anything honest has.
    ///
    /// # Errors
    /// 414, 431.
    pub(crate) fn check_size(&self) -> Result<(), Failure> {
        if self.path.len() + self.raw_query.len() > URI_MAX_BYTES {
            return Err(Failure::UriTooLong { limit: URI_MAX_BYTES });
        }
        let headers: usize = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if headers > HEADERS_MAX_BYTES {
            return Err(Failure::HeadersTooLarge { limit: HEADERS_MAX_BYTES });
        }
        Ok(())
    }

    /// Whether it is known from which address the request comes, or at least that no gateway saw one.
    ///
    /// # Errors
    /// 403 behind a distribution that does not say it; 503 where nobody can tell whether it is ours.
    pub(crate) fn check_source(&self) -> Result<(), Failure> {
        self.source.as_ref().map(|_| ()).map_err(|why| match why {
            UnknownSource::SecretOutOfReach => Failure::unavailable("the secret of the edge cannot be had"),
            UnknownSource::ForeignDistribution
            | UnknownSource::NoViewerAddress
            | UnknownSource::BadViewerAddress => Failure::UnknownSource(*why),
        })
    }

    /// The address that the request comes from. But for the edge's no header names one.
    #[must_use]
    pub fn source_ip(&self) -> Option<&str> {
        self.source.as_ref().ok()?.as_deref()
    }

    /// The path as a client may send it again: what the gateway has decoded is escaped.
    pub(crate) fn sent_path(&self) -> String {
        reference::path(&self.path)
    }

    /// A header, where it is readable text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A parameter of the query, decoded.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of the path, decoded.
    #[must_use]
    pub fn path_parameter(&self, name: &str) -> Option<&str> {
        self.path_parameters.get(name).map(String::as_str)
    }

    /// Whether the gateway's route took more of the path than it is for: its greedy variable is there for a slash at the end alone.
    pub(crate) fn is_beyond_its_route(&self) -> bool {
        self.path_parameter(REST).is_some_and(|rest| !rest.is_empty())
    }

    /// What tells a repetition of this request: of a POST with an `Idempotency-Key`.
    ///
    /// # Errors
    /// A key that is none.
    pub(crate) fn idempotency_key(&self) -> Result<Option<IdempotencyKey>, Failure> {
        if self.method != "POST" || !self.headers.contains_key(idempotency::HEADER) {
            return Ok(None);
        }
        let key = self.header(idempotency::HEADER).unwrap_or_default();
        idempotency::check_key(key)?;
        // The lengths keep what belongs to the path apart from what belongs to the body.
        let (method, path) = (&self.method, &self.own_path);
        let head = format!("{}:{method} {}:{path}", method.len(), path.len());
        Ok(Some(IdempotencyKey {
            key: hex(&[key.as_bytes()]),
            fingerprint: hex(&[head.as_bytes(), self.body()]),
        }))
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

/// Whether a text can be the value of a header, which every response's id is.
fn is_header_text(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}
