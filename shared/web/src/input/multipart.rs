//! Multipart bodies: forms with a file field, as browsers send them (RFC 7578).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};
use model::credential::input::{Given, GivenFields};
use std::fmt;

use super::is_read_as_utf8;
use crate::failure::Failure;
use crate::incoming::Incoming;

fn multipart_error(error: impl fmt::Display) -> Failure {
    Failure::Malformed(format!("Multipart form parse error - {error}"))
}

/// A form that cannot be read to its end is refused. A partial update could leave a secret readable.
///
/// A form without a readable first part has no fields, as in the seed's framework. A `PUT` or `POST` then reports the missing fields.
pub(super) async fn multipart_fields(request: &Incoming, body: &[u8]) -> Result<GivenFields, Failure> {
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
        let headers = part.headers().clone();
        if has_extended_file_name(&headers) {
            return Err(multipart_error("a part has filename*, which forms do not have (RFC 7578 §4.2)"));
        }
        let bytes = part.bytes().await.map_err(multipart_error)?;
        match file {
            // A browser sends this for an empty file field.
            Some(file) if file.is_empty() && bytes.is_empty() => {}
            Some(_) => fields.set(name, Given::File),
            None => {
                let bytes = decoded(bytes.to_vec(), &headers)?;
                let content_type = headers.get("content-type").and_then(|value| value.to_str().ok());
                if !is_read_as_utf8(content_type.unwrap_or_default(), &bytes) {
                    return Err(multipart_error("a part must be UTF-8"));
                }
                fields.set(name, Given::Text(String::from_utf8(bytes).map_err(multipart_error)?));
            }
        }
    }
}

/// The decoded content of a part. `Content-Transfer-Encoding` is deprecated in forms (RFC 7578 §4.7), but some clients send it. Other
/// encodings than base64 are refused, because storing the encoded text would store another secret.
fn decoded(bytes: Vec<u8>, headers: &HeaderMap) -> Result<Vec<u8>, Failure> {
    let encoding = headers.get("content-transfer-encoding").map_or(b"".as_slice(), HeaderValue::as_bytes);
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

/// Whether a part names its file by `filename*`. multer does not know that parameter, so the file would pass for a text.
fn has_extended_file_name(headers: &HeaderMap) -> bool {
    let disposition = headers.get("content-disposition").map_or(b"".as_slice(), HeaderValue::as_bytes);
    let (mut is_quoted, mut is_escaped) = (false, false);
    let parameters = disposition.split(|b| {
        is_quoted ^= *b == b'"' && !is_escaped;
        is_escaped = *b == b'\\' && !is_escaped;
        *b == b';' && !is_quoted
    });
    parameters
        .filter_map(|parameter| parameter.split(|b| *b == b'=').next())
        .any(|name| name.trim_ascii().eq_ignore_ascii_case(b"filename*"))
}
