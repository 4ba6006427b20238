//! `docs/errors.md` and the examples of the API's description say what the table of refusals says.

use model::id::USER_ID_RULE;
use model::refusal::Refusal;
use model::violation::NON_FIELD;
use serde_json::Value;
use std::collections::BTreeSet;
use support::description::DESCRIPTION;
use web::Failure;

use crate::error_table::{PATHS, failures, render, text};
use crate::repository::{assert_nothing_wrong, read};

/// Values of the sample failures. A reader of the documents sees `…` in their place.
const SAMPLES: [&str; 9] = [
    "auth0.alice",
    "alice@acme.example",
    "Developers",
    "2026-02-18T10:30:00Z",
    "The security group sg-0abc123d does not exist in eu-central-1",
    "expected value at line 1 column 2",
    "resources:read",
    "text/csv",
    "PUT",
];

/// A text without the values of the sample failures, and without ids.
fn without_samples(text: &str) -> String {
    let claim = format!("'sub' cannot be used: it {}", USER_ID_RULE.replace('\\', "\\\\"));
    let text = text.replace(&claim, "'…' cannot be used: …");
    let text = SAMPLES.iter().fold(text, |text, sample| text.replace(sample, "…"));
    let words = text.split_inclusive([' ', ':', '\'', '"']);
    let is_id = |word: &str| uuid::Uuid::parse_str(word.trim_end_matches([' ', ':', '\'', '"'])).is_ok();
    words
        .map(
            |word| {
                if is_id(word) { format!("…{}", word.get(36..).unwrap_or_default()) } else { word.into() }
            },
        )
        .collect()
}

/// What one failure is answered with, on each format.
struct Answered {
    status: u16,
    code: String,
    in_k: Value,
    in_r: Value,
    in_d: Value,
}

fn answered(failure: &Failure) -> Answered {
    let response = render(failure, PATHS[0].1);
    let [in_k, in_r, in_d] = PATHS.map(|(_, path)| {
        let mut body: Value = serde_json::from_str(text(&render(failure, path))).unwrap();
        body.as_object_mut().unwrap().remove("timestamp");
        serde_json::from_str(&without_samples(&body.to_string())).unwrap()
    });
    let code = response.headers()["x-postern-error"].to_str().unwrap().to_owned();
    Answered { status: response.status().as_u16(), code, in_k, in_r, in_d }
}

/// The format D, in short where it has the sentence of R.
fn in_short(in_d: &Value, sentence: &str) -> String {
    let sentence = format!("{sentence}.");
    if in_d["detail"] == sentence {
        return "`detail`".into();
    }
    if in_d[NON_FIELD][0] == sentence { "`non_field_errors`".into() } else { format!("`{in_d}`") }
}

/// The cells of a row apart from `When`, which only the document knows.
fn cells(failure: &Failure) -> [String; 5] {
    let Answered { status, code, in_k, in_r, in_d } = answered(failure);
    let code_in_k = in_k["error"].as_str().unwrap();
    let code = if code_in_k == code {
        format!("`{code}`")
    } else {
        format!("`{code}`, in the body of K `{code_in_k}`")
    };
    let (k, r) = (in_k["message"].as_str().unwrap(), in_r["message"].as_str().unwrap());
    let (mut k, mut d) = (if k == r { String::new() } else { format!("`{k}`") }, in_short(&in_d, r));
    let mut r = format!("`{r}`");
    if !in_r["validationErrors"].is_null() {
        r += ", with `validationErrors`";
    }
    if matches!(failure, Failure::Refused(Refusal::Invalid(_))) {
        (k, d) = ("the sentences".into(), "`{\"<field>\":[\"…\"]}`".into());
    }
    [status.to_string(), code, r, k, d].map(|cell| cell.replace('|', "\\|"))
}

/// Rows that differ from another one in the number of their nouns alone.
fn is_singular(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Refused(
            Refusal::TooManySessions(1) | Refusal::CredentialInUse(1) | Refusal::CredentialHasRules(1)
        )
    )
}

const BEGIN: &str = "<!-- refusals -->";
const END: &str = "<!-- end of refusals -->";
const HEAD: &str = "\n\n| Status | Code | When | Sentence | in K | D |\n|---|---|---|---|---|---|\n";

#[tokio::test]
async fn the_document_has_every_refusal() {
    let page = read("docs/errors.md");
    let table =
        page.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).map_or("", |(table, _)| table);
    let when = |[status, code, r, k, d]: &[String; 5]| {
        let (before, after) = (format!("| {status} | {code} | "), format!(" | {r} | {k} | {d} |"));
        let mut found = table.lines().filter_map(|line| line.strip_prefix(&before)?.strip_suffix(&after));
        found.next().unwrap_or("WHEN?")
    };
    let mut lines = Vec::new();
    for failure in failures().await.iter().filter(|failure| !is_singular(failure)) {
        let cells = cells(failure);
        let [status, code, r, k, d] = &cells;
        let line = format!("| {status} | {code} | {} | {r} | {k} | {d} |\n", when(&cells));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let expected = format!("{HEAD}{}\n", lines.concat());
    assert!(!table.contains("WHEN?"), "docs/errors.md does not say when a refusal is met");
    assert!(table == expected, "docs/errors.md must have between its marks:{expected}");
}

/// A text in which `…` and numbers stand for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let digits = |c: char| c.is_ascii_digit();
    let mut rest = text;
    let mut pieces = pattern.split(|c: char| c == '…' || digits(c)).filter(|piece| !piece.is_empty());
    pieces.all(|piece| match rest.find(piece) {
        Some(at) => {
            rest = rest.get(at + piece.len()..).unwrap_or_default();
            true
        }
        None => false,
    })
}

/// The examples of a response: all of them, or the only one.
fn examples(response: &Value) -> Vec<&Value> {
    let content = &response["content"]["application/json"];
    let several =
        content["examples"].as_object().into_iter().flat_map(|all| all.values().map(|one| &one["value"]));
    several.chain(content.get("example")).collect()
}

/// Whether a failure is answered with a body like this one.
fn is_like(answered: &Answered, format: &str, status: u16, body: &Value) -> bool {
    let message = |expected: &Value| {
        matches(expected["message"].as_str().unwrap(), body["message"].as_str().unwrap_or_default())
    };
    let is_of_fields = answered.in_r.get("validationErrors").is_some();
    answered.status == status
        && match format {
            "Code" => body["error"] == answered.in_k["error"] && (is_of_fields || message(&answered.in_k)),
            "Reason" => message(&answered.in_r) && body.get("validationErrors").is_some() == is_of_fields,
            _ if body["detail"].is_string() => {
                answered.in_d["detail"].as_str().is_some_and(|d| matches(d, body["detail"].as_str().unwrap()))
            }
            _ => answered.in_d["detail"].is_null(),
        }
}

#[tokio::test]
async fn the_descriptions_examples_are_rows_of_the_table() {
    let table: Vec<Answered> = failures().await.iter().map(answered).collect();
    let responses = DESCRIPTION.document()["components"]["responses"].as_object().unwrap();
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for (name, response) in responses {
        let format = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let Ok(status) = name.trim_start_matches(format).parse() else { continue };
        for example in examples(response) {
            seen.insert(format);
            if !table.iter().any(|answered| is_like(answered, format, status, example)) {
                wrong.push(format!("{name}: no refusal is answered with {example}"));
            }
        }
    }
    assert_nothing_wrong(&wrong);
    assert_eq!(seen, BTreeSet::from(["Code", "Detail", "Reason"]));
}
