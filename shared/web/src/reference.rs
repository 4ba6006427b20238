//! References to paths of this API, for `Location`, `Link` and error bodies.

use http::HeaderValue;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::failure::Failure;

/// Longest path and query, in bytes.
pub(crate) const URI_MAX_BYTES: usize = 8 * 1024;

/// What is escaped in a query (URL Standard, "query percent-encode set"). The gateway does not decode queries.
const IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// What is escaped in a path: the URL Standard's "path percent-encode set", the backslash (browsers read it as a slash), and what RFC 3986
/// does not allow in paths. `%` is not escaped, because the gateway leaves its escape in place.
const IN_PATH: &AsciiSet =
    &IN_QUERY.add(b'?').add(b'^').add(b'`').add(b'{').add(b'}').add(b'\\').add(b'|').add(b'[').add(b']');

/// A path as a client may send it, with the escapes that the gateway has decoded. An unescaped `?` would begin a query.
pub(crate) fn path(path: &str) -> String {
    utf8_percent_encode(path, IN_PATH).to_string()
}

/// Whether a client that follows a reference to this path would ask for another one.
///
/// Clients resolve the segments `.` and `..`, escaped ones too (RFC 3986 §5.2.4, URL Standard), and read two slashes at the beginning as a
/// host. Bytes that are not UTF-8 have been lost.
pub(crate) fn leads_elsewhere(path: &str) -> bool {
    let is_dots = |segment: &str| {
        let segment = segment.replace("%25", "%");
        let decoded = percent_decode_str(&segment).decode_utf8_lossy();
        [".", ".."].contains(&decoded.as_ref())
    };
    path.starts_with("//") || path.contains(char::REPLACEMENT_CHARACTER) || path.split('/').any(is_dots)
}

/// A reference to a path of this API with a query (RFC 9110 §10.2.2). It names no host: a host would come from a header of the request.
///
/// # Errors
/// 414 where the escaped text is too long.
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
    fn a_decoded_path_is_escaped_again_and_the_query_stays() {
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
    fn escaped_and_unescaped_dots_lead_elsewhere() {
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
    fn a_reference_longer_than_a_request_may_be_is_refused() {
        let long = "é".repeat(URI_MAX_BYTES / 4);
        assert!(matches!(of(&format!("/{long}"), ""), Err(Failure::UriTooLong { .. })));
        assert!(matches!(of("/", &long), Err(Failure::UriTooLong { .. })));
        assert!(of("/", &"a".repeat(URI_MAX_BYTES - 2)).is_ok());
    }
}
