//! Gateway events: the shape in which API Gateway hands a request to a function (HTTP API, payload format 2.0).

use http::Response;
use http::header::{HOST, SET_COOKIE};
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_http::request::LambdaRequest;
use lambda_http::{Body, Request};

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

/// An answer as the gateway takes it (API Gateway Developer Guide, payload format 2.0). lambda_http's own adapter would ask of every
/// answer in which of forty character sets it is, and brings their tables; every text of ours is UTF-8.
#[must_use]
pub fn encode(response: Response<Body>) -> ApiGatewayV2httpResponse {
    debug_assert!(
        !response.headers().contains_key(SET_COOKIE),
        "the gateway takes cookies apart from headers"
    );
    let (parts, body) = response.into_parts();
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = parts.status.as_u16().into();
    answer.headers = parts.headers;
    answer.is_base64_encoded = matches!(body, Body::Binary(_));
    answer.body = if matches!(body, Body::Empty) { None } else { Some(body) };
    answer
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

    #[test]
    fn answers_are_what_the_gateway_takes() {
        let encoded = |body| {
            let answer = Response::builder().status(201).header("etag", "\"1\"").body(body).unwrap();
            serde_json::to_value(encode(answer)).unwrap()
        };
        let expected = |body: serde_json::Value, is_binary| {
            json!({"statusCode": 201, "headers": {"etag": "\"1\""}, "multiValueHeaders": {}, "body": body,
                   "isBase64Encoded": is_binary, "cookies": []})
        };
        assert_eq!(encoded(Body::Text("é".into())), expected(json!("é"), false));
        assert_eq!(encoded(Body::Binary(vec![0, 255])), expected(json!("AP8="), true));
        let empty = encoded(Body::Empty);
        assert_eq!(empty.get("body").unwrap_or(&serde_json::Value::Null), &serde_json::Value::Null);
    }
}
