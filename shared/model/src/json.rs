//! JSON of which every part has one meaning: the only way in which bodies and tokens are read.
//!
//! Bodies are kept and shown again, so that their numbers must come out as they went in: [`exact`].

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Reads JSON in which no object has two members of the same name. Nesting ends at 128 levels, numbers at what 64 bits hold.
///
/// # Errors
/// The parser's, which names line and column and repeats nothing but a duplicate name.
pub fn strict(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).map(|Strict(value)| value)
}

/// Most levels of arrays and objects in JSON that is kept. The record of a change and an answer add some of their own, and many
/// parsers stop at 64.
pub const LEVELS_MAX: usize = 32;

/// Most levels of what an earlier version has kept and a list shows. A list adds up to three, and with 64 some parsers give up on the
/// whole answer.
pub const LISTED_LEVELS_MAX: usize = 60;

/// How many levels of arrays and objects a value has: none for a text, one for `[]` and `{}`.
#[must_use]
pub fn levels(value: &Value) -> usize {
    let deepest = match value {
        Value::Array(values) => values.iter().map(levels).max(),
        Value::Object(members) => members.values().map(levels).max(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return 0,
    };
    1 + deepest.unwrap_or_default()
}

/// Reads JSON as [`strict`] does, where every number can be kept: it is shown again with the same value, a whole number without
/// a fraction.
///
/// # Errors
/// The parser's words, or the place of a number that 64 bits do not hold. They repeat nothing but a duplicate name.
pub fn exact(text: &str) -> Result<Value, String> {
    let value = strict(text).map_err(|error| error.to_string())?;
    match numbers(text).into_iter().find(|(_, number)| !is_kept(number)) {
        None => Ok(value),
        Some((place, _)) => {
            let before = text.get(..place).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.len() - before.rfind('\n').map_or(0, |end| end + 1) + 1;
            Err(format!("number that cannot be kept exactly at line {line} column {column}"))
        }
    }
}

/// The numbers of a JSON text that has been read, each with its place.
fn numbers(text: &str) -> Vec<(usize, &str)> {
    let is_of_number = |b: u8| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E');
    let (mut found, mut start, mut in_string, mut is_escaped) = (Vec::new(), None, false, false);
    for (place, b) in text.bytes().chain([b' ']).enumerate() {
        if in_string {
            in_string = is_escaped || b != b'"';
            is_escaped = !is_escaped && b == b'\\';
            continue;
        }
        match start {
            None if b == b'-' || b.is_ascii_digit() => start = Some(place),
            Some(first) if !is_of_number(b) => {
                found.extend(text.get(first..place).map(|number| (first, number)));
                start = None;
            }
            None | Some(_) => {}
        }
        in_string = b == b'"';
    }
    found
}

/// Whether a number comes out as it went in.
fn is_kept(number: &str) -> bool {
    let Ok(kept) = serde_json::from_str::<Number>(number) else { return false };
    let is_whole = !number.contains(['.', 'e', 'E']);
    is_whole == (kept.is_i64() || kept.is_u64()) && decimal(number) == decimal(&kept.to_string())
}

/// A decimal number in the one form that its value has: the sign, the digits from the first to the last that is not 0, and the
/// power of ten with which they are multiplied. Nothing for a power that nobody can write out.
fn decimal(number: &str) -> Option<(bool, String, i64)> {
    let (is_negative, number) = number.strip_prefix('-').map_or((false, number), |number| (true, number));
    let (digits, power) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let power = power.parse::<i64>().ok()?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some((is_negative, String::new(), 0));
    }
    let zeros = all.len() - all.trim_end_matches('0').len();
    Some((is_negative, significant.into(), power.checked_add(i64::try_from(zeros).ok()?)?))
}

/// A whole number, however it is spelled: 8, 8.0 and 8e0 are the same one (RFC 8259 §6, JSON Schema 2020-12 §6.1.1).
#[must_use]
pub fn whole(value: &Value) -> Option<i64> {
    /// Beyond it, neighbours are no longer told apart (RFC 8259 §6).
    const EXACT_MAX: f64 = 9_007_199_254_740_991.0;
    let is_exact = |number: f64| number.fract() == 0.0 && number.abs() <= EXACT_MAX;
    #[expect(clippy::cast_possible_truncation, reason = "a whole number within its exact range")]
    let exact = |number: f64| is_exact(number).then_some(number as i64);
    value.as_i64().or_else(|| value.as_f64().filter(|_| value.is_f64()).and_then(exact))
}

/// A JSON value in which no object has two members of the same name: which of them counts is undefined
/// (RFC 8259 §4), and a check that reads one must not precede an effect that reads the other.
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
    fn a_number_is_kept_with_its_value_or_refused() {
        for kept in [
            "0",
            "-1",
            "0.0",
            "-0.0",
            "1.0",
            "1",
            "0.1",
            "0.10",
            "1e2",
            "1E+2",
            "1.5e-7",
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551615",
            "9007199254740993",
            "1e22",
            "1.7976931348623157e308",
            "5e-324",
            "2.2250738585072014e-308",
            "0.30000000000000004",
            "1e-5",
            "100000000000000000000.0",
            "0e400",
            "123456789012345680000.0",
        ] {
            let value = exact(kept).unwrap();
            assert_eq!(decimal(&value.to_string()), decimal(kept), "{kept}");
        }
        for refused in [
            "18446744073709551616",
            "-9223372036854775809",
            "12345678901234567890123",
            "100000000000000000000",
            "0.1000000000000000055511151231257827",
            "3.14159265358979323846",
            "1e-400",
            "4.9406564584124654e-324",
            "-0",
            "9007199254740993.0",
            "0.12345678901234567890",
            "1e-99999999999999999999",
        ] {
            assert_eq!(
                exact(refused).unwrap_err(),
                "number that cannot be kept exactly at line 1 column 1",
                "{refused}"
            );
            let within = format!("{{\"a\\\"1\": [true, \"-0\",\n  {refused}]}}");
            assert_eq!(
                exact(&within).unwrap_err(),
                "number that cannot be kept exactly at line 2 column 3",
                "{within}"
            );
        }
        for out_of_range in ["1e400", "-1e309"] {
            assert_eq!(exact(out_of_range).unwrap_err(), strict(out_of_range).unwrap_err().to_string());
        }
        assert!(exact(r#"{"18446744073709551616": "18446744073709551616", "\\": ["\\\"", "é-0"]}"#).is_ok());
        assert!(strict("-0").is_ok() && strict("18446744073709551616").is_ok(), "a token may have them");
    }

    mod arbitrary {
        use super::*;
        use proptest::prelude::*;

        proptest! {
            #[test]
            fn a_number_that_is_accepted_is_shown_with_its_value(
                number in r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?"
            ) {
                if let Ok(value) = exact(&number) {
                    let shown = value.to_string();
                    prop_assert_eq!(decimal(&shown), decimal(&number));
                    let is_whole = |text: &str| !text.contains(['.', 'e', 'E']);
                    prop_assert_eq!(is_whole(&shown), is_whole(&number));
                    prop_assert_eq!(exact(&shown).unwrap(), value);
                }
            }

            #[test]
            fn what_64_bits_hold_is_accepted(whole in any::<i64>(), large in any::<u64>(), double in any::<f64>()) {
                prop_assert_eq!(exact(&whole.to_string()).unwrap(), Value::from(whole));
                prop_assert_eq!(exact(&large.to_string()).unwrap(), Value::from(large));
                if let Some(number) = Number::from_f64(double) {
                    let text = number.to_string();
                    prop_assert_eq!(exact(&text).unwrap(), Value::Number(number));
                }
            }
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
