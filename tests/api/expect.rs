//! Error bodies, member by member.

use serde_json::{Value, json};
use support::Reply;

/// The time of every answer until a test moves the clock.
pub(crate) const NOW: &str = "2026-02-18T10:30:00Z";

/// ErrorFormat K.
#[track_caller]
pub(crate) fn code(reply: &Reply, status: u16, error: &str, message: &str) {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.text);
    assert_eq!(reply.text, json!({"error": error, "message": message, "timestamp": NOW}).to_string());
    assert_eq!(reply.header("content-type"), Some("application/json"));
}

/// ErrorFormat R without field errors.
#[track_caller]
pub(crate) fn reason(reply: &Reply, status: u16, phrase: &str, message: &str, path: &str) {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.text);
    let body = json!({
        "timestamp": NOW, "status": status, "error": phrase, "message": message, "path": format!("/api/v1{path}"),
    });
    assert_eq!(reply.text, body.to_string());
}

/// ErrorFormat R for members that are wrong.
#[track_caller]
pub(crate) fn invalid(reply: &Reply, path: &str, fields: Value) {
    assert_eq!(reply.status.as_u16(), 400, "{}", reply.text);
    let body = json!({
        "timestamp": NOW, "status": 400, "error": "Bad Request", "message": "Validation failed",
        "path": format!("/api/v1{path}"), "validationErrors": fields,
    });
    assert_eq!(reply.text, body.to_string());
}

/// ErrorFormat D, or any other body as a whole.
#[track_caller]
pub(crate) fn body(reply: &Reply, status: u16, body: Value) {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.text);
    assert_eq!(reply.text, body.to_string());
}
