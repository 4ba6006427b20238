//! The three error formats. Each lays out a row of the table in `refusals/`, and adds no words.
//!
//! The path alone picks the format, before any check runs: docs/errors.md.

use http::{HeaderName, HeaderValue, Response};
use lambda_http::Body;
use model::time::Timestamp;
use model::violation::NON_FIELD;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::place::BASE_PATH;
use crate::refusals::{self, Answer, InD, Text};
use crate::reply::json_response;

/// An error format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorFormat {
    /// K: `{"error": "<CODE>", "message", "timestamp"}`, on `/resources/**`.
    Code,
    /// R: `{"timestamp", "status", "error": "<reason phrase>", "message", "path"}`, on every other path.
    Reason,
    /// D: `{"detail"}` or `{"<field>": ["…"]}`, on `/credentials/**`.
    Detail,
}

/// The header with the code of a failure. Every format has it.
const CODE: HeaderName = HeaderName::from_static("x-postern-error");

impl ErrorFormat {
    /// The format of a path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let family = path.strip_prefix(BASE_PATH).and_then(|rest| rest.split('/').nth(1));
        match family {
            Some("resources") => Self::Code,
            Some("credentials") => Self::Detail,
            Some(_) | None => Self::Reason,
        }
    }

    /// The response to a failure.
    #[must_use]
    pub fn render(self, failure: &Failure, path: &str, now: Timestamp) -> Response<Body> {
        let answer = refusals::of_failure(failure);
        let body = match self {
            Self::Code => code_body(&answer, now),
            Self::Reason => reason_body(&answer, path, now),
            Self::Detail => detail_body(&answer),
        };
        let mut response = json_response(answer.status, &body);
        response.headers_mut().insert(CODE, HeaderValue::from_static(answer.code));
        if let Some((name, value)) = answer.header
            && let Ok(value) = HeaderValue::try_from(value)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// Seeds `PATCH` and `DELETE /resources/{id}`.
fn code_body(answer: &Answer, now: Timestamp) -> Value {
    let message = answer.sentence_in_k.clone().unwrap_or_else(|| answer.sentence());
    json!({
        "error": answer.code_in_k.unwrap_or(answer.code),
        "message": message,
        "timestamp": now.to_string(),
    })
}

/// Seeds `POST` and `DELETE /roles/{id}/resources/{resourceId}`.
fn reason_body(answer: &Answer, path: &str, now: Timestamp) -> Value {
    let (message, fields) = match &answer.text {
        Text::Sentence(sentence) => (sentence.as_str(), None),
        Text::Fields(fields) => ("Validation failed", Some(fields)),
    };
    let mut body = json!({
        "timestamp": now.to_string(),
        "status": answer.status.as_u16(),
        "error": answer.status.canonical_reason().unwrap_or("Error"),
        "message": message,
        "path": path,
    });
    if let (Some(fields), Some(members)) = (fields, body.as_object_mut()) {
        let mut first: Map<String, Value> = Map::new();
        for (field, sentence) in fields {
            first.entry(field).or_insert_with(|| sentence.as_str().into());
        }
        members.insert("validationErrors".into(), first.into());
    }
    body
}

/// Seed `PUT /credentials/:id/`.
fn detail_body(answer: &Answer) -> Value {
    match &answer.in_d {
        InD::Sentence => json!({ "detail": format!("{}.", answer.sentence()) }),
        InD::Detail(sentence) => json!({ "detail": sentence }),
        InD::NonField => json!({ NON_FIELD: [format!("{}.", answer.sentence())] }),
        InD::Fields(fields) => {
            let mut all: Map<String, Value> = Map::new();
            for (field, sentence) in fields {
                let sentences = all.entry(field).or_insert_with(|| json!([]));
                if let Value::Array(sentences) = sentences {
                    sentences.push(sentence.as_str().into());
                }
            }
            all.into()
        }
    }
}
