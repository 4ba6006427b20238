//! Events in payload format 2.0, as API Gateway's HTTP APIs send them.

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Request};
use model::time::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::net::IpAddr;

/// The JSON of the event for a request.
pub(super) fn of(
    request: &Request<Bytes>,
    source: IpAddr,
    route_key: &str,
    parameters: &HashMap<String, String>,
    now: Timestamp,
) -> String {
    let (body, is_base64) = body(request.body());
    let path = request.uri().path();
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

/// Text as it is, anything else in Base64.
fn body(bytes: &Bytes) -> (Value, bool) {
    match str::from_utf8(bytes) {
        Ok("") => (Value::Null, false),
        Ok(text) => (text.into(), false),
        Err(_) => (STANDARD.encode(bytes).into(), true),
    }
}

/// Names in lower case; the values of repeated headers joined by commas.
fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let values = |name: &http::HeaderName| {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        values.collect::<Vec<_>>().join(",")
    };
    headers.keys().map(|name| (name.as_str().into(), values(name).into())).collect()
}
