//! Bodies of the credentials format. JSON, form and multipart give the same result.
//!
//! The handler asks for the fields, because this format checks the object's existence before the body.

use model::credential::input::{Given, GivenFields};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;

use super::multipart::multipart_fields;
use super::{Input, body, is_read_as_utf8, media_type};
use crate::failure::Failure;
use crate::incoming::Incoming;

/// A body that has not been parsed yet.
#[derive(Debug)]
pub struct CredentialBody(Arc<Incoming>);

impl Input for CredentialBody {
    fn read(request: &Arc<Incoming>) -> Result<Self, Failure> {
        body(request)?;
        Ok(Self(Arc::clone(request)))
    }
}

impl CredentialBody {
    /// The fields of the body. An empty body has none, whatever its type.
    ///
    /// # Errors
    /// 415 for another media type, 400 for a body that cannot be read.
    pub async fn fields(&self) -> Result<GivenFields, Failure> {
        let body = self.0.body();
        if body.is_empty() {
            return Ok(GivenFields::default());
        }
        let media_type = media_type(&self.0);
        match media_type.as_str() {
            "application/json" => json_fields(body),
            "application/x-www-form-urlencoded" => form_fields(&self.0, body),
            "multipart/form-data" => multipart_fields(&self.0, body).await,
            _ => Err(Failure::UnsupportedMediaType(self.0.header("content-type").unwrap_or_default().into())),
        }
    }
}

fn parse_error(error: impl fmt::Display) -> Failure {
    Failure::Malformed(format!("JSON parse error - {error}"))
}

fn json_fields(body: &[u8]) -> Result<GivenFields, Failure> {
    let text = str::from_utf8(body).map_err(parse_error)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let raw = <&RawValue as serde::Deserialize>::deserialize(&mut json).map_err(parse_error)?.get();
    json.end().map_err(parse_error)?;
    if !raw.starts_with('{') {
        // This tells broken JSON from JSON of another kind.
        let value: Value = serde_json::from_str(raw).map_err(parse_error)?;
        return Err(Failure::NotAnObject(kind(&value)));
    }
    let RawMembers(members) = {
        let mut json = serde_json::Deserializer::from_str(raw);
        json.deserialize_map(RawMembersVisitor).map_err(parse_error)?
    };
    let mut fields = GivenFields::default();
    for (name, member) in members {
        fields.set(name, given(member.get()).map_err(|error| error_in(text, member.get(), &error))?);
    }
    Ok(fields)
}

/// An error in a part of a text, with the line and column in the whole text.
fn error_in(text: &str, part: &str, error: &serde_json::Error) -> Failure {
    let start = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + error.line();
    let column = match error.line() {
        1 => before.len() - before.rfind('\n').map_or(0, |end| end + 1) + error.column(),
        _ => error.column(),
    };
    let said = error.to_string();
    let what = said.split(" at line ").next().unwrap_or_default();
    parse_error(format!("{what} at line {line} column {column}"))
}

/// The seed's framework's name for a JSON value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

fn given(raw: &str) -> Result<Given, serde_json::Error> {
    match serde_json::from_str(raw) {
        Ok(value) => Ok(Given::Json { value, raw: raw.into() }),
        Err(error) => lone_surrogate(raw).map(Given::LoneSurrogate).ok_or(error),
    }
}

/// Half of a surrogate pair in a JSON string. JSON can spell one (RFC 8259 §8.2), but Unicode text cannot hold it. The parser returns it as
/// bytes of the form ED A0..BF xx.
fn lone_surrogate(raw: &str) -> Option<u16> {
    struct Bytes;
    impl Visitor<'_> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }
    }
    if !raw.starts_with('"') {
        return None;
    }
    let bytes = serde_json::Deserializer::from_str(raw).deserialize_bytes(Bytes).ok()?;
    bytes.windows(3).find_map(|window| match window {
        [0xED, second @ 0xA0..=0xBF, third] => {
            Some(0xD000 | (u16::from(second & 0x3F) << 6) | u16::from(third & 0x3F))
        }
        _ => None,
    })
}

/// The members of an object, unparsed, in order.
struct RawMembers<'t>(Vec<(String, &'t RawValue)>);

struct RawMembersVisitor;

impl<'de> Visitor<'de> for RawMembersVisitor {
    type Value = RawMembers<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawMembers<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(RawMembers(members))
    }
}

/// Bytes that are not UTF-8 are refused. Replacing them would store another secret than was sent.
fn form_fields(request: &Incoming, body: &[u8]) -> Result<GivenFields, Failure> {
    if !is_read_as_utf8(request.header("content-type").unwrap_or_default(), body) {
        return Err(Failure::Malformed("Form parse error - a form must be UTF-8".into()));
    }
    percent_encoding::percent_decode(body)
        .decode_utf8()
        .map_err(|error| Failure::Malformed(format!("Form parse error - {error}")))?;
    // `curl -d` sends JSON as a form of one field, which credentials do not have. A PATCH would change nothing and say 200; a whole object
    // lacks its fields, as the seed's framework has it.
    if request.method == "PATCH"
        && serde_json::from_slice::<Map<String, Value>>(body).is_ok_and(|members| !members.is_empty())
    {
        return Err(Failure::Malformed(
            "Form parse error - this is JSON: send it with Content-Type: application/json".into(),
        ));
    }
    let mut fields = GivenFields::default();
    for (name, value) in form_urlencoded::parse(body) {
        fields.set(name.into_owned(), Given::Text(value.into_owned()));
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_half_a_surrogate_pair_is_found() {
        assert_eq!(lone_surrogate(r#""a\ud800b""#), Some(0xD800));
        assert_eq!(lone_surrogate(r#""\udfff""#), Some(0xDFFF));
        assert_eq!(lone_surrogate(r#""\ud83d\ude00""#), None);
        assert_eq!(lone_surrogate(r#"{"a":"\ud800"}"#), None);
    }
}
