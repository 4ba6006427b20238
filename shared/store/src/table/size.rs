//! How large items are, by DynamoDB's rules
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>). An item holds 400 KB.

use aws_sdk_dynamodb::types::AttributeValue;

/// Most bytes of an item (DynamoDB Developer Guide, "Service, account, and table quotas").
pub(crate) const ITEM_BYTES_MAX: usize = 400 * 1024;

/// Bytes of a list or a map without its elements.
const CONTAINER: usize = 3;

/// Bytes of named values, as an item or a map has them.
pub(crate) fn of_attributes<'a>(named: impl IntoIterator<Item = (&'a String, &'a AttributeValue)>) -> usize {
    named.into_iter().map(|(name, value)| name.len() + of(value)).sum()
}

/// Bytes of a value. The size of a number is an upper bound; all other sizes are exact.
pub(crate) fn of(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => of_number(digits),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::Ns(numbers) => numbers.iter().map(|digits| of_number(digits)).sum(),
        AttributeValue::Bs(all) => all.iter().map(|bytes| bytes.as_ref().len()).sum(),
        AttributeValue::L(values) => CONTAINER + values.iter().map(|value| 1 + of(value)).sum::<usize>(),
        AttributeValue::M(named) => CONTAINER + named.len() + of_attributes(named),
        // Yes, no and null.
        AttributeValue::Bool(_) | AttributeValue::Null(_) | _ => 1,
    }
}

fn of_number(digits: &str) -> usize {
    digits.len().div_ceil(2) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::item::{bytes, number, set, text};
    use std::collections::HashMap;

    #[test]
    fn sizes_are_those_that_dynamodb_documents() {
        let list = AttributeValue::L(vec![text("é"), AttributeValue::Null(true)]);
        let map =
            AttributeValue::M(HashMap::from([("name".into(), text("abc")), ("yes".into(), list.clone())]));
        for (value, size) in [
            (text("é"), 2),
            (number(7), 2),
            (number(1_772_000_000_000_i64), 8),
            (bytes(vec![0; 9]), 9),
            (set(["a", "bc"]), 3),
            (AttributeValue::Bool(true), 1),
            (list, 3 + (1 + 2) + (1 + 1)),
            (map, 3 + (1 + 4 + 3) + (1 + 3 + 8)),
        ] {
            assert_eq!(of(&value), size, "{value:?}");
        }
        assert_eq!(of_attributes(&HashMap::from([("pk".into(), text("abc"))])), 5);
    }
}
