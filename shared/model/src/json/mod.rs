//! Strict JSON, in which every part has one meaning. Bodies and tokens are read only in this way.
//!
//! Bodies are stored and shown again, so their numbers must be exact: [`inexact`].

mod exact;

pub use exact::{Inexact, inexact, is_kept};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Reads JSON in which no object has two members of the same name. There are at most 128 levels, and numbers have 64 bits.
///
/// # Errors
/// The parser's. It names line and column, and repeats only a duplicate name.
pub fn strict(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).map(|Strict(value)| value)
}

/// Most levels of arrays and objects in stored JSON. Audit rows and answers add some levels, and many parsers stop at 64.
pub const LEVELS_MAX: usize = 32;

/// Most levels that a list shows of JSON that an earlier version stored. A list adds up to three levels, and some parsers refuse an
/// answer with 64.
pub const LISTED_LEVELS_MAX: usize = 60;

/// Levels of arrays and objects: none for a text, one for `[]` and `{}`.
#[must_use]
pub fn levels(value: &Value) -> usize {
    let deepest = match value {
        Value::Array(values) => values.iter().map(levels).max(),
        Value::Object(members) => members.values().map(levels).max(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return 0,
    };
    1 + deepest.unwrap_or_default()
}

/// A whole number in any spelling: 8, 8.0 and 8e0 are the same (RFC 8259 §6, JSON Schema 2020-12 §6.1.1).
#[must_use]
pub fn whole(value: &Value) -> Option<i64> {
    /// Beyond it, different whole numbers become the same value (RFC 8259 §6).
    const EXACT_MAX: f64 = 9_007_199_254_740_991.0;
    let is_exact = |number: f64| number.fract() == 0.0 && number.abs() <= EXACT_MAX;
    #[expect(clippy::cast_possible_truncation, reason = "a whole number within its exact range")]
    let exact = |number: f64| is_exact(number).then_some(number as i64);
    value.as_i64().or_else(|| value.as_f64().filter(|_| value.is_f64()).and_then(exact))
}

/// A JSON value in which no object has two members of the same name. It is undefined which of them counts (RFC 8259 §4), so a check could
/// read one and the effect the other.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("duplicate key {name:?}")));
            }
            let Strict(value) = map.next_value()?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_whole_number_is_one_however_it_is_spelled() {
        for (text, number) in
            [("8", Some(8)), ("8.0", Some(8)), ("-8e0", Some(-8)), ("80e-1", Some(8)), ("0.0", Some(0))]
        {
            assert_eq!(whole(&strict(text).unwrap()), number, "{text}");
        }
        let exact = 9_007_199_254_740_991_i64;
        assert_eq!(whole(&json!(exact as f64)), Some(exact));
        assert_eq!(whole(&json!(i64::MAX)), Some(i64::MAX));
        for value in [
            json!(8.5),
            json!(1e300),
            json!(9_007_199_254_740_992.0_f64),
            json!(u64::MAX),
            json!("8"),
            json!(true),
        ] {
            assert_eq!(whole(&value), None, "{value}");
        }
    }

    #[test]
    fn every_kind_of_value_is_read_as_it_stands() {
        for text in [
            "null",
            "true",
            "-9223372036854775808",
            "18446744073709551615",
            "1.5",
            "1e300",
            r#""\u00e9\n\ud83d\ude00""#,
            r#"[1,[],{"a":null}]"#,
            r#"{"b":{"a":1},"a":{"a":2}}"#,
        ] {
            assert_eq!(strict(text).unwrap(), serde_json::from_str::<Value>(text).unwrap(), "{text}");
        }
        let members = strict(r#"{"b":1,"a":2}"#).unwrap();
        assert_eq!(members.as_object().unwrap().keys().collect::<Vec<_>>(), ["b", "a"]);
    }

    #[test]
    fn a_name_occurs_once_in_an_object() {
        for text in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"\u0061":2}}]"#] {
            let why = strict(text).unwrap_err().to_string();
            assert!(why.starts_with("duplicate key \"a\" at line 1 column "), "{why}");
        }
        assert_eq!(strict(r#"{"a":{"a":{"A":1}}}"#).unwrap(), json!({"a": {"a": {"A": 1}}}));
    }

    #[test]
    fn levels_are_those_of_arrays_and_objects() {
        for (text, expected) in [
            ("1", 0),
            ("\"[[\"", 0),
            ("[]", 1),
            ("{}", 1),
            (r#"{"a":[{}],"b":1}"#, 3),
            (r#"[[],[[]],[]]"#, 3),
        ] {
            assert_eq!(levels(&strict(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_or_too_much_is_refused() {
        let deep = "[".repeat(128) + &"]".repeat(128);
        for text in ["", "{", "{} x", "[1,]", "NaN", "1e999", "'a'", &deep] {
            assert!(strict(text).is_err(), "{text}");
        }
        assert!(strict(&deep[1..255]).is_ok());
    }
}
