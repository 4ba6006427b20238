//! JSON bodies of the formats K and R: an object with known members, each once.

use model::fields::{Fields, FromFields};
use model::json::{self, Inexact};
use model::sent::Sent;
use serde_json::{Map, Value};
use std::sync::Arc;

use super::{Input, body, media_type};
use crate::failure::Failure;
use crate::incoming::Incoming;

/// A body with the members of `T`.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: FromFields + Send + 'static> Input for Json<T> {
    fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
        let (members, inexact) = object(request)?;
        Ok(Self(Fields::read_exact(members, &inexact)?))
    }
}

/// The members of the body.
fn object(request: &Incoming) -> Result<Members, Failure> {
    let body = body(request)?;
    let sent = media_type(request);
    // A body without a media type can only be JSON. Browsers and `curl -d` always send a type.
    if !matches!(sent.as_str(), "" | "application/json") {
        return Err(Failure::UnsupportedMediaType(sent));
    }
    members(body)
}

/// A body with members of `T` that change an object. Mistakes are reported after the object was read, because callers may send back what it
/// shows.
#[derive(Debug, Clone)]
pub struct JsonPatch<T>(pub Sent<T>);

impl<T: FromFields + Clone + Send + 'static> Input for JsonPatch<T> {
    fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
        let (members, inexact) = object(request)?;
        Ok(Self(Sent::new(members, inexact)))
    }
}

/// A body with the members of `T`. All members are optional, and so is the body.
#[derive(Debug, Clone)]
pub struct OptionalJson<T>(pub T);

impl<T: FromFields + Send + 'static> Input for OptionalJson<T> {
    fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
        if request.body().is_empty() {
            return Ok(Self(Fields::read(Map::new())?));
        }
        Json::read(request).map(|Json(value)| Self(value))
    }
}

/// The members of a JSON object, and the numbers in them that lost precision.
type Members = (Map<String, Value>, Vec<Inexact>);

fn members(body: &[u8]) -> Result<Members, Failure> {
    if body.is_empty() {
        return Err(Failure::Malformed("it is empty, and must be a JSON object".into()));
    }
    let text = str::from_utf8(body)
        .map_err(|error| Failure::Malformed(format!("invalid UTF-8 at byte {}", error.valid_up_to())))?;
    let value = json::strict(text).map_err(|error| Failure::Malformed(told(&error)))?;
    match value {
        Value::Object(members) => Ok((members, json::inexact(text))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(Failure::NotAnObject("not an object"))
        }
    }
}

/// The parser's message. Its messages about half a surrogate pair name another fault, so they are replaced.
fn told(error: &serde_json::Error) -> String {
    let half = "a surrogate (\\uD800 to \\uDFFF) lacks its other half";
    let said = error.to_string();
    said.replace("unexpected end of hex escape", half).replace("lone leading surrogate in hex escape", half)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(body: &[u8]) -> String {
        match members(body) {
            Err(Failure::Malformed(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn members_keep_their_order_and_values() {
        let text = r#"{"b":1,"a":[true,null,"x",{"z":-1.5,"y":18446744073709551615}]}"#;
        assert_eq!(Value::Object(members(text.as_bytes()).unwrap().0).to_string(), text);
    }

    #[test]
    fn faults_name_line_and_column() {
        assert_eq!(fault(b"{\"a\":\n  x}"), "expected value at line 2 column 3");
        assert_eq!(fault(b"{\"a\":1,\"a\":2}"), "duplicate key \"a\" at line 1 column 10");
        assert_eq!(fault(b"{\"c\":{\"a\":1,\"a\":2}}"), "duplicate key \"a\" at line 1 column 15");
        assert_eq!(fault(b""), "it is empty, and must be a JSON object");
        assert_eq!(fault(b"{} x"), "trailing characters at line 1 column 4");
        for half in ["\\ud800", "\\ud800x", "\\udfff", "\\ud800\\u0041", "\\ud800\\n"] {
            let said = fault(format!("{{\"a\":\"{half}\"}}").as_bytes());
            assert!(
                said.starts_with("a surrogate (\\uD800 to \\uDFFF) lacks its other half at line 1"),
                "{half}: {said}"
            );
        }
        assert_eq!(fault(b"{\"a\":1e999}"), "number out of range at line 1 column 10");
        assert_eq!(fault(b"{\"a\":\"\xff\"}"), "invalid UTF-8 at byte 6");
        assert!(fault("[".repeat(200).as_bytes()).starts_with("recursion limit exceeded"));
    }

    #[test]
    fn only_objects_have_members() {
        for body in ["null", "[]", "5", "\"x\"", "true"] {
            assert!(matches!(members(body.as_bytes()), Err(Failure::NotAnObject(_))), "{body}");
        }
    }
}
