//! The table of refusals: what a caller is answered when a request fails.
//!
//! Each failure has one row with its status, its code and its sentence. The sentence is that of the error format R. Where a seed fixes
//! other words for the format K or D, they stand in the same row. `error_format.rs` only lays a row out.
//!
//! `request.rs` has what can be wrong with any request, `operation.rs` why a single operation is refused.
//!
//! The table has no wildcard: a new failure does not compile until it has a row. `docs/errors.md` shows every row.

mod operation;
mod request;

pub(crate) use operation::of_refusal;
pub(crate) use request::of_failure;

use http::{HeaderName, StatusCode, header};

use crate::failure::Failure;

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The code in the header `x-postern-error`, and in the body of the format K.
    pub(crate) code: &'static str,
    pub(crate) text: Text,
    /// The header that the status requires (RFC 9110 §11.6.1, §10.2.1, §10.2.3).
    pub(crate) header: Option<(HeaderName, String)>,
    /// The code in the body of the format K, where it differs.
    pub(crate) code_in_k: Option<&'static str>,
    /// The sentence of the format K, where it differs.
    pub(crate) sentence_in_k: Option<String>,
    pub(crate) in_d: InD,
}

/// What the formats K and R say.
#[derive(Debug)]
pub(crate) enum Text {
    Sentence(String),
    /// A field and a sentence for each mistake.
    Fields(Vec<(String, String)>),
}

/// What the format D says.
#[derive(Debug)]
pub(crate) enum InD {
    /// The sentence of R, with a full stop.
    Sentence,
    /// A sentence of its own.
    Detail(String),
    /// The sentence of R with a full stop, under `non_field_errors`.
    NonField,
    /// A field and a sentence for each mistake.
    Fields(Vec<(String, String)>),
}

fn row(status: StatusCode, code: &'static str, sentence: impl Into<String>) -> Answer {
    let text = Text::Sentence(sentence.into());
    Answer { status, code, text, header: None, code_in_k: None, sentence_in_k: None, in_d: InD::Sentence }
}

fn unauthorized(code: &'static str, sentence: impl Into<String>) -> Answer {
    row(StatusCode::UNAUTHORIZED, code, sentence).header(header::WWW_AUTHENTICATE, "Bearer")
}

fn forbidden(code: &'static str, sentence: impl Into<String>) -> Answer {
    row(StatusCode::FORBIDDEN, code, sentence)
}

fn not_found(code: &'static str, sentence: impl Into<String>) -> Answer {
    row(StatusCode::NOT_FOUND, code, sentence).detail("Not found.")
}

fn precondition_failed(sentence: impl Into<String>) -> Answer {
    row(StatusCode::PRECONDITION_FAILED, "PRECONDITION_FAILED", sentence)
}

/// The stored state does not allow the request. The seeds answer such conflicts with 400 and not with 409.
fn conflict(code: &'static str, sentence: impl Into<String>) -> Answer {
    Answer { in_d: InD::NonField, ..row(StatusCode::BAD_REQUEST, code, sentence) }
}

/// The request itself is wrong.
fn invalid(sentence: impl Into<String>) -> Answer {
    row(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", sentence)
}

/// Fields of the request are wrong.
fn invalid_fields(fields: Vec<(String, String)>, in_d: Vec<(String, String)>) -> Answer {
    Answer { text: Text::Fields(fields), in_d: InD::Fields(in_d), ..invalid("") }
}

impl Answer {
    fn header(self, name: HeaderName, value: impl Into<String>) -> Self {
        Self { header: Some((name, value.into())), ..self }
    }

    /// Fixes the code in the body of the format K.
    fn code_in_k(self, code: &'static str) -> Self {
        Self { code_in_k: Some(code), ..self }
    }

    /// Fixes the sentence of the format K.
    fn sentence_in_k(self, sentence: impl Into<String>) -> Self {
        Self { sentence_in_k: Some(sentence.into()), ..self }
    }

    /// Fixes the sentence of the format D.
    fn detail(self, sentence: impl Into<String>) -> Self {
        Self { in_d: InD::Detail(sentence.into()), ..self }
    }

    /// The sentence in one text. Those about several fields are joined.
    pub(crate) fn sentence(&self) -> String {
        match &self.text {
            Text::Sentence(sentence) => sentence.clone(),
            Text::Fields(fields) => {
                fields.iter().map(|(_, sentence)| sentence.as_str()).collect::<Vec<_>>().join("; ")
            }
        }
    }
}

impl Failure {
    /// The status that the caller is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        of_failure(self).status
    }
}
