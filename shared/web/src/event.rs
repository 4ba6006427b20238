//! Events: what starts a function, and the shape in which API Gateway hands over a request (HTTP API, payload format 2.0).

use http::Response;
use http::header::SET_COOKIE;
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};

/// A request as the gateway hands it over. lambda_http's own request would parse path and host as a URI, and panic where they are not one.
pub type Event = ApiGatewayV2httpRequest;

/// What starts a function without a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSource {
    /// Records of the table's stream.
    Stream,
    /// A schedule.
    Schedule,
    /// Messages of a queue.
    Queue,
}

/// Reads an event from its JSON.
///
/// # Errors
/// Text that is not an event of an HTTP API.
pub fn decode(json: &str) -> Result<Event, serde_json::Error> {
    serde_json::from_str(json)
}

/// An answer as the gateway takes it (API Gateway Developer Guide, payload format 2.0). lambda_http's own adapter would look for the character
/// set of every answer. Every text of this API is UTF-8.
#[must_use]
pub fn encode(response: Response<Body>) -> ApiGatewayV2httpResponse {
    debug_assert!(
        !response.headers().contains_key(SET_COOKIE),
        "the gateway wants cookies apart from headers"
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
    use serde_json::json;

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
