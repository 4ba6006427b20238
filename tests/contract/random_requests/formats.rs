//! What every answer must look like, whatever was asked.

use http::StatusCode;
use local::gateway::decoded;
use serde_json::Value;
use support::Reply;
use web::error_format::ErrorFormat;

/// What is wrong with an answer of a path, as the gateway hands it over.
pub(super) fn faults(path: &str, reply: &Reply) -> Vec<String> {
    if reply.status.is_success() && path == "/docs" {
        return page(reply);
    }
    let mut wrong = headers(reply);
    if reply.status == StatusCode::PERMANENT_REDIRECT {
        if reply.header("location").is_none() || !reply.text.is_empty() || !path.ends_with('/') {
            wrong.push("a way that leads nowhere".into());
        }
        return wrong;
    }
    if reply.status.is_success() {
        let is_json = !reply.json.is_null() || (reply.text.is_empty() && reply.status.as_u16() == 204);
        if !is_json {
            wrong.push("a success without JSON".into());
        }
        return wrong;
    }
    if !match ErrorFormat::of(path) {
        ErrorFormat::Code => is_code(reply),
        ErrorFormat::Reason => is_reason(path, reply),
        ErrorFormat::Detail => is_detail(&reply.json),
    } {
        wrong.push(format!("not the format of {path}"));
    }
    wrong
}

/// What is wrong with an answer to `HEAD`, which has no format.
pub(super) fn faults_of_head(reply: &Reply) -> Vec<String> {
    let says_length = reply.header("content-length").is_some() && reply.header("x-request-id").is_some();
    if reply.text.is_empty() && says_length { Vec::new() } else { vec![String::from("a body, or no length")] }
}

/// What is wrong with the one answer that has no JSON.
fn page(reply: &Reply) -> Vec<String> {
    let is_page = reply.text.starts_with("<!DOCTYPE html>") && reply.header("x-request-id").is_some();
    if is_page { Vec::new() } else { vec![String::from("no page")] }
}

/// Headers that every answer carries.
fn headers(reply: &Reply) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, value) in [("cache-control", "no-store"), ("x-content-type-options", "nosniff")] {
        if reply.header(name) != Some(value) {
            wrong.push(format!("no {name}"));
        }
    }
    if reply.header("x-request-id").is_none_or(|id| uuid::Uuid::parse_str(id).is_err()) {
        wrong.push("no request id".into());
    }
    for (status, name) in [(401, "www-authenticate"), (405, "allow")] {
        if reply.status.as_u16() == status && reply.header(name).is_none() {
            wrong.push(format!("{status} without {name}"));
        }
    }
    wrong
}

fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() == "2026-02-18T10:30:00Z".len() && text.ends_with('Z'))
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

fn is_code(reply: &Reply) -> bool {
    let is_code =
        |code: &str| !code.is_empty() && code.bytes().all(|byte| byte == b'_' || byte.is_ascii_uppercase());
    reply.members() == ["error", "message", "timestamp"]
        && reply.json["error"].as_str().is_some_and(is_code)
        && is_text(&reply.json["message"])
        && is_time(&reply.json["timestamp"])
}

fn is_reason(path: &str, reply: &Reply) -> bool {
    let members = reply.members();
    let fields = reply.json["validationErrors"].as_object();
    let common = ["timestamp", "status", "error", "message", "path"];
    members.starts_with(&common)
        && (members.len() == common.len() || (members.len() == common.len() + 1 && fields.is_some()))
        && fields.is_none_or(|fields| !fields.is_empty() && fields.values().all(is_text))
        && is_time(&reply.json["timestamp"])
        && reply.json["status"] == reply.status.as_u16()
        && reply.json["error"] == reply.status.canonical_reason().unwrap_or_default()
        && is_text(&reply.json["message"])
        && reply.json["path"].as_str().is_some_and(|sent| decoded(sent) == path)
}

fn is_detail(body: &Value) -> bool {
    let Some(members) = body.as_object() else {
        return false;
    };
    if let Some(detail) = members.get("detail") {
        return members.len() == 1 && is_text(detail);
    }
    let are_texts =
        |value: &Value| value.as_array().is_some_and(|texts| !texts.is_empty() && texts.iter().all(is_text));
    !members.is_empty() && members.values().all(are_texts)
}
