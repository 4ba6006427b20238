//! Bodies of the credentials face: JSON, form or multipart, with the same result.
//!
//! They are parsed when the handler asks, because that face looks an object up before it looks at the body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use model::credential::input::{Given, GivenFields};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;
use std::sync::Arc;

use super::{Input, body, media_type};
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
            "application/x-www-form-urlencoded" => form_fields(body),
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
        // Parsed only to tell broken JSON from JSON of another kind.
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

/// An error in a part of a text, at its place in the whole.
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

/// What the seed's framework calls a JSON value.
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

/// The first half of a surrogate pair without its other half in a JSON string. JSON can spell one (RFC 8259 §8.2),
/// Unicode text cannot hold it: the parser gives it as bytes of the form ED A0..BF xx.
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

/// The members of an object as they stand in the text, in order.
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

/// Bytes that are no UTF-8 are refused and not replaced: a secret is kept as it was sent, or not at all.
fn form_fields(body: &[u8]) -> Result<GivenFields, Failure> {
    percent_encoding::percent_decode(body)
        .decode_utf8()
        .map_err(|error| Failure::Malformed(format!("Form parse error - {error}")))?;
    let mut fields = GivenFields::default();
    for (name, value) in form_urlencoded::parse(body) {
        fields.set(name.into_owned(), Given::Text(value.into_owned()));
    }
    Ok(fields)
}

fn multipart_error(error: impl fmt::Display) -> Failure {
    Failure::Malformed(format!("Multipart form parse error - {error}"))
}

/// A form that cannot be read to its end is refused: one that is carried out in part may leave a secret readable. Where not even
/// its first part can be found, it has no fields, and a whole object lacks them, as the seed's framework has it.
async fn multipart_fields(request: &Incoming, body: &[u8]) -> Result<GivenFields, Failure> {
    let header = request.header("content-type").unwrap_or_default();
    let boundary =
        multer::parse_boundary(header).map_err(|_| multipart_error("Invalid boundary in multipart: None"))?;
    let mut fields = GivenFields::default();
    let body = body.to_vec();
    let stream = futures_util::stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let mut parts = multer::Multipart::new(stream, boundary);
    loop {
        let part = match parts.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => return Ok(fields),
            Err(_) if fields.is_empty() && request.method != "PATCH" => return Ok(fields),
            Err(error) => return Err(multipart_error(error)),
        };
        let name = part.name().map(String::from).ok_or_else(|| multipart_error("a part has no name"))?;
        let file = part.file_name().map(String::from);
        let encoding = part.headers().get("content-transfer-encoding").cloned();
        let bytes = part.bytes().await.map_err(multipart_error)?;
        match file {
            // What a browser sends for a file field in which nothing was chosen.
            Some(file) if file.is_empty() && bytes.is_empty() => {}
            Some(_) => fields.set(name, Given::File),
            None => {
                let bytes = decoded(bytes.to_vec(), encoding.as_ref())?;
                fields.set(name, Given::Text(String::from_utf8(bytes).map_err(multipart_error)?));
            }
        }
    }
}

/// The content of a part without its `Content-Transfer-Encoding`, which is deprecated in forms (RFC 7578 §4.7) and sent all the same.
/// What is encoded in another way than in base64 is refused: a secret is kept as it was meant, or not at all.
fn decoded(bytes: Vec<u8>, encoding: Option<&HeaderValue>) -> Result<Vec<u8>, Failure> {
    let encoding = encoding.map_or(b"".as_slice(), HeaderValue::as_bytes);
    match encoding.trim_ascii().to_ascii_lowercase().as_slice() {
        b"" | b"7bit" | b"8bit" | b"binary" => Ok(bytes),
        b"base64" => {
            let lines: Vec<u8> = bytes.into_iter().filter(|b| !b.is_ascii_whitespace()).collect();
            STANDARD.decode(lines).map_err(|_| multipart_error("a part is not the base64 that it says it is"))
        }
        _ => Err(multipart_error(
            "a part has a Content-Transfer-Encoding other than 7bit, 8bit, binary and base64",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_surrogates_are_found_and_pairs_are_not() {
        assert_eq!(lone_surrogate(r#""a\ud800b""#), Some(0xD800));
        assert_eq!(lone_surrogate(r#""\udfff""#), Some(0xDFFF));
        assert_eq!(lone_surrogate(r#""\ud83d\ude00""#), None);
        assert_eq!(lone_surrogate(r#"{"a":"\ud800"}"#), None);
    }
}
