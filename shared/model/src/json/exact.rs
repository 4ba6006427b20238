//! Exact numbers: a number of a body must have the same value when it is shown again.

use serde_json::Number;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A number of a body that 64 bits do not hold exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inexact {
    /// The member of the body that contains it.
    pub member: String,
    /// The beginning of the number, for an error message.
    pub number: String,
}

/// Longest beginning of a number in an error message.
const SHOWN_MAX: usize = 40;

/// The inexact numbers of an object: the first one of each member. Empty for JSON that is not an object, which is refused anyway.
#[must_use]
pub fn inexact(text: &str) -> Vec<Inexact> {
    // Only the few bodies with such a number are parsed again by member.
    if numbers(text).into_iter().all(is_kept) {
        return Vec::new();
    }
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap_or_default();
    let first = |(member, value): (String, &RawValue)| {
        let number = numbers(value.get()).into_iter().find(|number| !is_kept(number))?;
        Some(Inexact { member, number: number.chars().take(SHOWN_MAX).collect() })
    };
    members.into_iter().filter_map(first).collect()
}

/// The numbers of a JSON text that has been read.
fn numbers(text: &str) -> Vec<&str> {
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
                found.extend(text.get(first..place));
                start = None;
            }
            None | Some(_) => {}
        }
        in_string = b == b'"';
    }
    found
}

/// Whether a number is shown with the same value: `1e2` as `100.0` is, `0.10000000000000000555` as `0.1` is not.
#[must_use]
pub fn is_kept(number: &str) -> bool {
    let Ok(kept) = serde_json::from_str::<Number>(number) else { return false };
    let is_whole = !number.contains(['.', 'e', 'E']);
    is_whole == (kept.is_i64() || kept.is_u64()) && decimal(number) == decimal(&kept.to_string())
}

/// The canonical form of a decimal number: the sign, the digits from the first to the last that is not 0, and the power of ten. `None`
/// for an absurdly large power.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::strict;
    use proptest::prelude::*;
    use serde_json::Value;

    /// A number, if it is exact.
    fn kept(number: &str) -> Option<Value> {
        let body = format!(r#"{{"a": [{number}]}}"#);
        let value = strict(&body).ok()?;
        inexact(&body).is_empty().then(|| value["a"][0].clone())
    }

    #[test]
    fn a_number_is_kept_with_its_value_or_refused() {
        for number in [
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
            assert_eq!(decimal(&kept(number).unwrap().to_string()), decimal(number), "{number}");
        }
        for number in [
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
            "1e400",
        ] {
            assert_eq!(kept(number), None, "{number}");
        }
    }

    #[test]
    fn the_member_and_the_number_are_named_and_texts_are_no_numbers() {
        let long = "1".repeat(500);
        let body = format!(
            r#"{{"b": {{"c": [1, -0, 2e-400]}}, "a\u0062": {long}, "-0": "\\\"-0", "\"1e400": [0.5]}}"#
        );
        let found: Vec<_> = inexact(&body).into_iter().map(|one| (one.member, one.number)).collect();
        let expected = [("ab", &long[..SHOWN_MAX]), ("b", "-0")];
        assert_eq!(found, expected.map(|(member, number)| (member.to_owned(), number.to_owned())));
        for other in [
            "[-0]",
            "-0",
            "\"-0\"",
            "{}",
            r#"{"18446744073709551616": "18446744073709551616", "\\": ["\\\"", "é-0"]}"#,
        ] {
            assert_eq!(inexact(other), [], "{other}");
        }
    }

    proptest! {
        #[test]
        fn a_number_that_is_accepted_is_shown_with_its_value(
            number in r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?"
        ) {
            if let Some(value) = kept(&number) {
                let shown = value.to_string();
                prop_assert_eq!(decimal(&shown), decimal(&number));
                let is_whole = |text: &str| !text.contains(['.', 'e', 'E']);
                prop_assert_eq!(is_whole(&shown), is_whole(&number));
                prop_assert_eq!(kept(&shown), Some(value));
            }
        }

        #[test]
        fn what_64_bits_hold_is_accepted(whole in any::<i64>(), large in any::<u64>(), double in any::<f64>()) {
            prop_assert_eq!(kept(&whole.to_string()), Some(Value::from(whole)));
            prop_assert_eq!(kept(&large.to_string()), Some(Value::from(large)));
            if let Some(number) = Number::from_f64(double) {
                let text = number.to_string();
                prop_assert_eq!(kept(&text), Some(Value::Number(number)));
            }
        }
    }
}
