//! References to paths of this API, as `Location`, `Link` and error bodies have them.

use http::HeaderValue;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::failure::Failure;
use crate::incoming::URI_MAX_BYTES;

/// What is escaped in a query (URL Standard, "query percent-encode set"). It comes from the gateway as it was sent, escapes and all.
const IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// What is escaped in a path (URL Standard, "path percent-encode set"), the backslash, which browsers take for a slash, and what RFC 3986
/// leaves out of paths. The gateway has decoded every escape but that of `%`, which therefore stays.
const IN_PATH: &AsciiSet =
    &IN_QUERY.add(b'?').add(b'^').add(b'`').add(b'{').add(b'}').add(b'\\').add(b'|').add(b'[').add(b']');

/// A path as a client may send it: what the gateway has decoded is escaped, such as the `?` of `%3F`, which would begin a query.
pub(crate) fn path(path: &str) -> String {
    utf8_percent_encode(path, IN_PATH).to_string()
}

/// Whether a client that is sent to a path asks for another one: it resolves the segments `.` and `..`, escaped ones too (RFC 3986 §5.2.4, URL
/// Standard), bytes that are no UTF-8 are lost, and what follows two slashes at the beginning is the name of a host.
pub(crate) fn leads_elsewhere(path: &str) -> bool {
    let is_dots = |segment: &str| {
        let segment = segment.replace("%25", "%");
        let decoded = percent_decode_str(&segment).decode_utf8_lossy();
        [".", ".."].contains(&decoded.as_ref())
    };
    path.starts_with("//") || path.contains(char::REPLACEMENT_CHARACTER) || path.split('/').any(is_dots)
}

/// A reference to a path of this API with a query (RFC 9110 §10.2.2). It names no host, so that no header of the request chooses one, and
/// begins with a single slash.
///
/// # Errors
/// 414 where the text is longer than a path and a query may be.
pub(crate) fn of(bare: &str, query: &str) -> Result<HeaderValue, Failure> {
    let mut text = path(bare);
    if !query.is_empty() {
        text.push('?');
        text.extend(utf8_percent_encode(query, IN_QUERY));
    }
    if text.len() > URI_MAX_BYTES {
        return Err(Failure::UriTooLong { limit: URI_MAX_BYTES });
    }
    HeaderValue::try_from(text).map_err(|error| Failure::internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_decoded_is_escaped_again_and_the_query_stays() {
        for (path, query, location) in [
            ("/api/v1/roles", "", "/api/v1/roles"),
            ("/api/v1/users/a", "x=1&y=%2F&z=a+b", "/api/v1/users/a?x=1&y=%2F&z=a+b"),
            ("/api/v1/users/a b?c#d\\é", "", "/api/v1/users/a%20b%3Fc%23d%5C%C3%A9"),
            ("/api/v1/users/a%252F", "", "/api/v1/users/a%252F"),
            ("/api/v1/users/auth0|[1]", "", "/api/v1/users/auth0%7C%5B1%5D"),
            ("/api/v1/users/a\r\nb: c", "d\r\n#é", "/api/v1/users/a%0D%0Ab:%20c?d%0D%0A%23%C3%A9"),
        ] {
            assert_eq!(of(path, query).unwrap(), location);
        }
    }

    #[test]
    fn dots_lead_elsewhere_however_they_are_spelt() {
        for segment in [".", "..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "\u{fffd}"] {
            assert!(leads_elsewhere(&format!("/api/v1/users/{segment}")), "{segment}");
            assert!(leads_elsewhere(&format!("/api/v1/users/{segment}/resources")), "{segment}");
        }
        assert!(leads_elsewhere("//evil.example/api/v1/users"));
        for path in ["/api/v1/users/a..b", "/api/v1/users/...", "/api/v1/users/.a", "/api/v1/users/%2e%2ea"] {
            assert!(!leads_elsewhere(path), "{path}");
        }
    }

    #[test]
    fn a_text_that_no_gateway_takes_is_refused() {
        let long = "é".repeat(URI_MAX_BYTES / 4);
        assert!(matches!(of(&format!("/{long}"), ""), Err(Failure::UriTooLong { .. })));
        assert!(matches!(of("/", &long), Err(Failure::UriTooLong { .. })));
        assert!(of("/", &"a".repeat(URI_MAX_BYTES - 2)).is_ok());
    }
}
