//! Events in payload format 2.0, as API Gateway's HTTP APIs send them.

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request};
use model::time::Timestamp;
use serde_json::{Map, Value, json};
use std::net::IpAddr;

use super::routing::{Front, Parameters};

/// What the gateway has made of a request's path.
pub(super) struct Found<'a> {
    /// The key of the route.
    pub(super) route_key: &'a str,
    /// The decoded path, with what stands in front of the API.
    pub(super) path: &'a str,
    /// The values of the route's variables.
    pub(super) parameters: &'a Parameters,
    /// What stands in front.
    pub(super) front: &'a Front,
}

/// The JSON of the event for a request.
pub(super) fn of(request: &Request<Bytes>, source: IpAddr, found: &Found<'_>, now: Timestamp) -> String {
    let Found { route_key, path, parameters, front } = found;
    let ((stage, domain), (body, is_base64)) = (front.names(), body(request));
    json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": request.uri().query().unwrap_or_default(),
        "headers": headers(request.headers()),
        "pathParameters": parameters,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": domain,
            "domainPrefix": domain.split('.').next(),
            "http": {
                "method": request.method().as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": source.to_string(),
                "userAgent": "",
            },
            "requestId": uuid::Uuid::now_v7().to_string(),
            "routeKey": route_key,
            "stage": stage,
            "timeEpoch": now.unix_millis(),
        },
        "body": body,
        "isBase64Encoded": is_base64,
    })
    .to_string()
}

/// A text as it is, anything else in Base64. The type alone says what is a text: a form is none, and neither is a body without a type.
/// AWS does not list the types; these were seen there (ministackorg/ministack#766).
fn body(request: &Request<Bytes>) -> (Value, bool) {
    let bytes = request.body();
    let text = if is_text(request.headers()) { str::from_utf8(bytes).ok() } else { None };
    match text {
        _ if bytes.is_empty() => (Value::Null, false),
        Some(text) => (text.into(), false),
        None => (STANDARD.encode(bytes).into(), true),
    }
}

fn is_text(headers: &HeaderMap) -> bool {
    let sent = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type.starts_with("text/")
        || ["application/json", "application/xml", "application/javascript"].contains(&media_type.as_str())
}

/// Names in lower case; the values of repeated headers joined by commas.
fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let values = |name: &http::HeaderName| {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        values.collect::<Vec<_>>().join(",")
    };
    headers.keys().map(|name| (name.as_str().into(), values(name).into())).collect()
}
