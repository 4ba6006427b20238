//! Secrets in memory.

use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The value of a credential, as JSON text.
///
/// It has no `Display` and no `Serialize`, so printing it or answering with it does not compile. Its `Debug` is redacted, and it is wiped
/// when dropped:
///
/// ```compile_fail
/// let value = model::secret::SecretJson::new("\"hunter2\"".into());
/// serde_json::to_string(&value);
/// ```
///
/// It is read only by [`SecretJson::expose`], which the vault calls, and by
/// [`Credential::readable`](crate::credential::Credential::readable), which checks whether the credential may be read.
#[derive(Debug, Clone)]
pub struct SecretJson(SecretString);

impl SecretJson {
    /// Takes JSON text as it came.
    #[must_use]
    pub fn new(json: String) -> Self {
        Self(json.into())
    }

    /// Takes plain text, which becomes a JSON string.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(serde_json::Value::from(text).to_string().into())
    }

    /// Whether two texts are the same JSON, regardless of spaces and of the order of members. Numbers are compared to the last digit.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        is_same(self.expose(), other.expose())
    }

    /// The JSON text. Callers encrypt it, or show it if [`Credential::readable`] allows it.
    ///
    /// [`Credential::readable`]: crate::credential::Credential::readable
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

fn is_same(one: &str, other: &str) -> bool {
    type Members<'t> = BTreeMap<String, &'t RawValue>;
    let (one, other) = (one.trim(), other.trim());
    let is_same_raw = |one: &RawValue, other: &RawValue| is_same(one.get(), other.get());
    one == other
        || match one.as_bytes().first() {
            Some(b'"') => both::<String>(one, other).is_some_and(|(one, other)| one == other),
            Some(b'[') => both::<Vec<&RawValue>>(one, other).is_some_and(|(one, other)| {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same_raw(one, other))
            }),
            Some(b'{') => both::<Members<'_>>(one, other).is_some_and(|(one, other)| {
                let is_there = |(name, one): (&String, &&RawValue)| {
                    other.get(name).is_some_and(|other| is_same_raw(one, other))
                };
                one.len() == other.len() && one.iter().all(is_there)
            }),
            Some(_) | None => false,
        }
}

fn both<'t, T: serde::Deserialize<'t>>(one: &'t str, other: &'t str) -> Option<(T, T)> {
    Some((serde_json::from_str(one).ok()?, serde_json::from_str(other).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_the_same_whatever_its_spelling() {
        let same = |one: &str, other: &str| {
            let (one, other) = (SecretJson::new(one.into()), SecretJson::new(other.into()));
            assert_eq!(one.is_same_as(&other), other.is_same_as(&one));
            one.is_same_as(&other)
        };
        for (one, other) in [
            ("null", " null"),
            (r#"{"a":1,"b":[true,"x"]}"#, "{ \"b\" : [true , \"\\u0078\"],\n\"a\":1}"),
            ("18446744073709551616", "18446744073709551616 "),
            ("[]", "[ ]"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("18446744073709551616", "18446744073709551617"),
            ("1", "\"1\""),
            ("[1]", "[1,1]"),
            ("[1,2]", "[2,1]"),
            (r#"{"a":1}"#, r#"{"a":1,"b":1}"#),
            (r#"{"a":1}"#, r#"{"b":1}"#),
            (r#"{"a":1}"#, "[1]"),
            (r#"{"a":{"b":0.1}}"#, r#"{"a":{"b":0.10000000000000000001}}"#),
            ("true", "false"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let secret = SecretJson::from_text("hunter2");
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert_eq!(secret.expose(), "\"hunter2\"");
    }
}
