//! A request, as the inputs of handlers read it.

use aws_lc_rs::digest::{Context, SHA256};
use http::HeaderMap;
use lambda_http::Body;
use model::address;
use model::idempotency::{self, IdempotencyKey};
use model::principal::Principal;
use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::OnceLock;
use store::Payer;

use crate::edge::{Edge, UnknownSource};
use crate::event::Event;
use crate::failure::Failure;
use crate::place::{self, REST};
use crate::reference::{self, URI_MAX_BYTES};

/// Largest body, in bytes (docs/api.md).
pub(crate) const BODY_MAX_BYTES: usize = 256 * 1024;

/// Most bytes of all headers, names and values. This is API Gateway's own limit; other gateways have none.
const HEADERS_MAX_BYTES: usize = 10_240;

/// A request that API Gateway has routed to this function. `Debug` shows no header and no body: they hold tokens and secrets.
pub struct Incoming {
    pub method: String,
    /// The whole path, decoded by API Gateway, with a stage or mapping in front.
    pub path: String,
    /// The API's own part of the path, without a stage or mapping.
    pub(crate) own_path: String,
    /// Headers. The gateway writes names in lower case, and joins repeated headers with commas.
    pub headers: HeaderMap,
    /// The gateway's id of the request. It leads from an answer to the log.
    pub request_id: String,
    /// The parameters of the query, decoded, in the order in which they were sent.
    pub query: Vec<(String, String)>,
    source: Result<Option<String>, UnknownSource>,
    path_parameters: HashMap<String, String>,
    /// The query as it was sent.
    pub(crate) raw_query: String,
    body: Body,
    /// The caller, once identified, for the log.
    pub(crate) principal: OnceLock<Principal>,
    /// The caller's bucket, once the caller is identified.
    pub(crate) payer: OnceLock<Payer>,
    /// Set when the caller is over their limit.
    pub(crate) is_over_limit: OnceLock<()>,
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.method, self.path, self.request_id)
    }
}

impl Incoming {
    /// Reads an event.
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
            // The gateway's own map joins repeated parameters with commas, which a value may hold too.
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

    /// Refuses a path, query or headers that are too large.
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

    /// Refuses a request whose address is hidden by CloudFront. A request without any address passes.
    ///
    /// # Errors
    /// 403 behind a distribution that does not name the address; 503 where the distribution's secret cannot be read.
    pub(crate) fn check_source(&self) -> Result<(), Failure> {
        self.source.as_ref().map(|_| ()).map_err(|why| match why {
            UnknownSource::SecretOutOfReach => Failure::unavailable("the secret of the edge cannot be read"),
            UnknownSource::ForeignDistribution
            | UnknownSource::NoViewerAddress
            | UnknownSource::BadViewerAddress => Failure::UnknownSource(*why),
        })
    }

    /// The address that the request comes from. Only the edge's header can name it; other headers are ignored.
    #[must_use]
    pub fn source_ip(&self) -> Option<&str> {
        self.source.as_ref().ok()?.as_deref()
    }

    /// The path as a client may send it again, with the escapes that the gateway has decoded.
    pub(crate) fn sent_path(&self) -> String {
        reference::path(&self.path)
    }

    /// The network of one internet connection: the address, or for IPv6 its first 64 bits.
    pub(crate) fn network(&self) -> String {
        match self.source_ip().and_then(address::parse) {
            None => "unknown".into(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64))
            }
        }
    }

    /// A header, where it is UTF-8.
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

    /// Whether the gateway's route took more of the path than it should. Its greedy variable is meant for a slash at the end only.
    pub(crate) fn is_beyond_its_route(&self) -> bool {
        self.path_parameter(REST).is_some_and(|rest| !rest.is_empty())
    }

    /// The `Idempotency-Key` of a `POST`, with a fingerprint of the request.
    ///
    /// # Errors
    /// 400 for a malformed key.
    pub(crate) fn idempotency_key(&self) -> Result<Option<IdempotencyKey>, Failure> {
        if self.method != "POST" || !self.headers.contains_key(idempotency::HEADER) {
            return Ok(None);
        }
        let key = self.header(idempotency::HEADER).unwrap_or_default();
        idempotency::check_key(key)?;
        // The lengths make the end of the path and the start of the body unambiguous.
        let (method, path) = (&self.method, &self.own_path);
        let head = format!("{}:{method} {}:{path}", method.len(), path.len());
        Ok(Some(IdempotencyKey {
            key: hex(&[key.as_bytes()]),
            fingerprint: hex(&[head.as_bytes(), self.body()]),
        }))
    }

    /// The body, decoded from Base64 where the gateway sent it so.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.body.as_ref()
    }
}

/// SHA-256 in hexadecimal digits.
fn hex(parts: &[&[u8]]) -> String {
    let mut digest = Context::new(&SHA256);
    for part in parts {
        digest.update(part);
    }
    digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a text can be the value of a header. Every answer carries the id in one.
fn is_header_text(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::decode;
    use serde_json::json;

    fn event(path: &str, query: &str, host: &str) -> String {
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
            "headers": {"host": host, "x-forwarded-proto": "https"},
            "requestContext": {"http": {"method": "GET", "path": path, "sourceIp": "203.0.113.7"},
                               "stage": "$default", "requestId": "r", "timeEpoch": 0, "domainName": host},
            "isBase64Encoded": false
        })
        .to_string()
    }

    #[test]
    fn every_path_query_and_host_can_be_read() {
        for path in
            ["", "/", "//", "/a b", "/é", "/{}", "/%", "/%zz", ":99999", "/../..", "/a?b#c", "/\u{7f}"]
        {
            for query in ["", "a=b", "\"<>#", "%", "é=ü", "a b", "\u{0}"] {
                for host in ["", "api.example", "[::1", "a b", "x:99999", "é"] {
                    let request = Incoming::new(decode(&event(path, query, host)).unwrap(), &Edge::default());
                    assert_eq!(request.path, path);
                }
            }
        }
    }

    #[test]
    fn parameters_of_the_query_are_decoded() {
        let event = decode(&event("/", "q=\"x\"&r=a+b&s=%C3%A9&t=1&t=2&u=a,b", "h")).unwrap();
        let request = Incoming::new(event, &Edge::default());
        for (name, value) in [("q", "\"x\""), ("r", "a b"), ("s", "é"), ("t", "1"), ("u", "a,b")] {
            assert_eq!(request.parameter(name), Some(value));
        }
    }
}
