//! Headers of every answer: security headers, and CORS for the web pages that may call.

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri, header};
use lambda_http::Body;
use std::fmt;

use crate::incoming::Incoming;

/// Headers that OWASP's REST Security Cheat Sheet asks for. Browsers must not keep or frame answers, guess their type, or leave TLS.
const ALWAYS: [(HeaderName, &str); 7] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
const REQUEST_HEADERS: &str = "authorization, content-type, idempotency-key, if-match, x-api-key";
const RESPONSE_HEADERS: &str = "allow, etag, link, retry-after, www-authenticate, x-postern-error, x-postern-unreadable, \
    x-postern-unreadable-count, x-request-id";
/// Seconds for which a browser may keep the answer to a preflight.
const PREFLIGHT_SECONDS: &str = "600";

/// The origins of the web pages that may call. Without a setting there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<String>);

/// A text that is not an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadOrigin(pub String);

impl fmt::Display for BadOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not an origin such as https://admin.example", self.0)
    }
}

impl Origins {
    /// Reads origins (RFC 6454 §6.2) with commas or spaces between them. `*` is refused: an allow-list must name each origin.
    ///
    /// # Errors
    /// The first text that is not an origin.
    pub fn parse(text: &str) -> Result<Self, BadOrigin> {
        let all = text.split([',', ' ']).filter(|origin| !origin.is_empty());
        all.map(|origin| if is_origin(origin) { Ok(origin.into()) } else { Err(BadOrigin(origin.into())) })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The origin of a request, if it is allowed.
    fn allowed<'r>(&self, request: &'r Incoming) -> Option<&'r HeaderValue> {
        let origin = request.headers.get(header::ORIGIN)?;
        self.0.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()).then_some(origin)
    }
}

/// Whether a text has scheme, host and port as a browser sends them, and nothing else.
fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return false;
    };
    let is_lower = !text.contains(|c: char| c.is_ascii_uppercase() || matches!(c, '@' | '*'));
    is_lower && text == format!("{scheme}://{authority}") && !authority.host().is_empty()
}

/// The answer to a browser's preflight (Fetch Standard, "CORS-preflight request"), if the page may call.
pub(crate) fn preflight(request: &Incoming, origins: &Origins) -> Option<Response<Body>> {
    let is_asked = request.method == "OPTIONS"
        && request.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        && origins.allowed(request).is_some();
    is_asked.then(|| {
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = StatusCode::NO_CONTENT;
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    })
}

/// Adds the headers of every answer, except those that the reply has set itself, as `HtmlPage` does.
pub(crate) fn complete(headers: &mut HeaderMap, request: &Incoming, origins: &Origins) {
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if origins.0.is_empty() {
        return;
    }
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origins.allowed(request) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        let exposed = HeaderValue::from_static(RESPONSE_HEADERS);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_full_origins_are_accepted() {
        assert_eq!(Origins::parse(""), Ok(Origins::default()));
        let two = Origins(vec!["https://a.example".into(), "http://localhost:5173".into()]);
        assert_eq!(Origins::parse("https://a.example, http://localhost:5173"), Ok(two));
        for bad in [
            "*",
            "null",
            "a.example",
            "https://a.example/",
            "https://a.example/x",
            "https://A.example",
            "https://*.example",
            "ftp://a.example",
            "https://user@a.example",
            "https://",
        ] {
            assert_eq!(Origins::parse(bad), Err(BadOrigin(bad.into())), "{bad}");
        }
    }
}
