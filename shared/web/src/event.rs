//! Gateway events: the shape in which API Gateway hands a request to a function (HTTP API, payload format 2.0).

use http::Response;
use http::header::SET_COOKIE;
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use serde::de::{Deserialize, Deserializer, Error};
use serde_json::value::RawValue;

/// A request as the gateway hands it over. Nothing is made of it but what handlers read: lambda_http would make a URI of it as
/// well, for which it parses path and host, and panics where they are none.
pub type Event = ApiGatewayV2httpRequest;

/// An event as the runtime reads it: as text at first, in place. What the runtime itself would do for each part of an event, so
/// that an error can name it, takes longer than the reading.
pub(crate) struct Payload(pub(crate) Event);

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?;
        decode(json.get()).map(Self).map_err(Error::custom)
    }
}

/// Reads an event from its JSON.
///
/// # Errors
/// When it is none.
pub fn decode(json: &str) -> Result<Event, serde_json::Error> {
    serde_json::from_str(json)
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
    use crate::edge::Edge;
    use crate::incoming::Incoming;
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
                    let request = Incoming::new(decode(&event(path, query, host)).unwrap(), &Edge::default());
                    assert_eq!(request.path, path);
                }
            }
        }
    }

    #[test]
    fn queries_keep_their_meaning() {
        let event = decode(&event("/", "q=\"x\"&r=a+b&s=%C3%A9&t=1&t=2&u=a,b", "h")).unwrap();
        let request = Incoming::new(event, &Edge::default());
        for (name, value) in [("q", "\"x\""), ("r", "a b"), ("s", "é"), ("t", "1"), ("u", "a,b")] {
            assert_eq!(request.parameter(name), Some(value));
        }
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
