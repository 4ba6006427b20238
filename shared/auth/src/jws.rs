//! The compact form of a signed token (RFC 7515 §3.1): header, claims and signature. The header only names a key. Nothing else in it is trusted.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use model::json;
use serde_json::Value;

/// Longest token, in bytes. API Gateway allows headers of 10,240 bytes in all.
const TOKEN_MAX_BYTES: usize = 8 * 1024;

/// The accepted types of a token (RFC 8725 §3.11, RFC 9068 §4). An issuer signs other types, such as logout tokens, with the same key.
const TYPES: [&str; 2] = ["jwt", "at+jwt"];

/// A token whose signature is not verified yet.
#[derive(Debug)]
pub(crate) struct Jws<'t> {
    message: &'t str,
    payload: &'t str,
    signature: &'t str,
    /// The key that the token names.
    pub(crate) kid: Option<String>,
    /// The algorithm that the token claims. It must equal the key's, and selects nothing.
    algorithm: String,
}

impl<'t> Jws<'t> {
    /// Reads a token. A malformed token and one with a critical extension give nothing.
    pub(crate) fn parse(token: &'t str) -> Option<Self> {
        if token.len() > TOKEN_MAX_BYTES {
            return None;
        }
        let (message, signature) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        let header = part(header)?;
        // `crit` names extensions that must be understood (RFC 7515 §4.1.11). This code knows none.
        if payload.contains('.') || signature.is_empty() || header.get("crit").is_some() {
            return None;
        }
        let is_text = |name: &str| header.get(name).is_none_or(Value::is_string);
        if !is_text("kid") || !is_text("typ") {
            return None;
        }
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        if let Some(kind) = text("typ") {
            let kind = kind.to_ascii_lowercase();
            let kind = kind.strip_prefix("application/").unwrap_or(&kind);
            TYPES.contains(&kind).then_some(())?;
        }
        let algorithm = text("alg")?.to_owned();
        Some(Self { message, payload, signature, kid: text("kid").map(String::from), algorithm })
    }

    /// The claims, if this key signed them with its own algorithm.
    pub(crate) fn claims(&self, key: &DecodingKey, algorithm: Algorithm) -> Option<Value> {
        if self.algorithm != name(algorithm) {
            return None;
        }
        let is_signed = crypto::verify(self.signature, self.message.as_bytes(), key, algorithm);
        if !is_signed.unwrap_or(false) {
            return None;
        }
        part(self.payload)
    }
}

/// An object in Base64.
fn part(text: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    json::strict(str::from_utf8(&bytes).ok()?).ok().filter(Value::is_object)
}

/// The name of an algorithm in RFC 7518 §3.1 and RFC 8037 §3.1.
pub(crate) fn name(algorithm: Algorithm) -> String {
    format!("{algorithm:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base64(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    fn is_token(header: &str) -> bool {
        Jws::parse(&format!("{}.e30.c2ln", base64(header))).is_some()
    }

    #[test]
    fn a_token_has_three_parts_and_the_last_is_not_empty() {
        let header = base64(r#"{"alg":"HS256"}"#);
        let good = format!("{header}.e30.c2ln");
        let token = Jws::parse(&good).unwrap();
        assert_eq!((token.message, token.signature), (&good[..good.len() - 5], "c2ln"));
        for bad in ["e30.e30.c2ln", "e30.", "e30"] {
            assert!(Jws::parse(&format!("{header}.{bad}")).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_header_with_an_unknown_demand_is_refused() {
        for good in [
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"JWT","kid":"a"}"#,
            r#"{"alg":"HS256","typ":"at+jwt"}"#,
            r#"{"alg":"HS256","typ":"application/at+JWT","jwk":{}}"#,
        ] {
            assert!(is_token(good), "{good}");
        }
        for bad in [
            r#"{"alg":"HS256","crit":["b64"]}"#,
            r#"{"alg":"HS256","crit":null}"#,
            r#"{"alg":"HS256","kid":1}"#,
            r#"{"alg":"HS256","typ":1}"#,
            r#"{"alg":"HS256","typ":"logout+jwt"}"#,
            r#"{"alg":"HS256","alg":"HS256"}"#,
            r#"{"alg":1}"#,
            "{}",
            "[]",
            "",
        ] {
            assert!(!is_token(bad), "{bad}");
        }
    }
}
