//! Events in payload format 2.0, as API Gateway's HTTP APIs send them.

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request};
use model::time::Timestamp;
use serde_json::{Map, Value, json};
use std::net::IpAddr;

use super::routing::Parameters;

/// The JSON of the event for a request, with the key of its route and its decoded path.
pub(super) fn of(
    request: &Request<Bytes>,
    source: IpAddr,
    (route_key, path): (&str, &str),
    parameters: &Parameters,
    now: Timestamp,
) -> String {
    let (body, is_base64) = body(request);
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
            "domainName": "localhost",
            "domainPrefix": "local",
            "http": {
                "method": request.method().as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": source.to_string(),
                "userAgent": "",
            },
            "requestId": uuid::Uuid::now_v7().to_string(),
            "routeKey": route_key,
            "stage": "$default",
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
