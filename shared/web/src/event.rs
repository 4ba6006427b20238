//! Gateway events: the shape in which API Gateway hands a request to a function (HTTP API, payload format 2.0).

use lambda_http::Request;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::http::header::HOST;
use lambda_http::request::LambdaRequest;

/// Reads the request of an event from its JSON.
///
/// # Errors
/// When it is none.
pub fn decode(json: &str) -> Result<Request, serde_json::Error> {
    serde_json::from_str(json).map(|event| harmless(event).into())
}

/// An event that the library can decode.
///
/// The library builds a URI from the event and panics where it is none. Neither the host nor the URI is used
/// here, so whatever a caller can put there is made harmless first.
#[must_use]
pub fn harmless(event: LambdaRequest) -> LambdaRequest {
    let LambdaRequest::ApiGatewayV2(mut event) = event else {
        return event;
    };
    make_harmless(&mut event);
    LambdaRequest::ApiGatewayV2(event)
}

fn make_harmless(event: &mut ApiGatewayV2httpRequest) {
    event.headers.remove(HOST);
    event.request_context.domain_name = None;
    let path = event.raw_path.get_or_insert_default();
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    if let Some(query) = &mut event.raw_query_string {
        *query = query.bytes().map(query_byte).collect();
    }
}

/// A byte as it may stand in the query of a URI, RFC 3986 §3.4 widened by what the URI library takes.
fn query_byte(byte: u8) -> String {
    match byte {
        b'!' | b'$'..=b';' | b'=' | b'?'..=b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_http::RequestExt;
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
    fn no_path_query_or_host_breaks_the_decoding() {
        for path in
            ["", "/", "//", "/a b", "/é", "/{}", "/%", "/%zz", ":99999", "/../..", "/a?b#c", "/\u{7f}"]
        {
            for query in ["", "a=b", "\"<>#", "%", "é=ü", "a b", "\u{0}"] {
                for host in ["", "api.example", "[::1", "a b", "x:99999", "é"] {
                    let request = decode(&event(path, query, host)).unwrap();
                    assert!(request.raw_http_path().ends_with(path));
                }
            }
        }
    }

    #[test]
    fn queries_keep_their_meaning() {
        let request = decode(&event("/", "q=\"x\"&r=a+b&s=%C3%A9", "h")).unwrap();
        let query = request.query_string_parameters();
        assert_eq!(query.first("q"), Some("\"x\""));
        assert_eq!(query.first("r"), Some("a b"));
        assert_eq!(query.first("s"), Some("é"));
    }
}
