//! Attributes of DynamoDB, as tests compare them.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use std::collections::BTreeMap;

/// An attribute as JSON: texts, numbers and flags as such, bytes as hexadecimal text.
#[must_use]
pub fn attribute_json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => text.as_str().into(),
        AttributeValue::N(digits) => serde_json::from_str(digits).expect("a number"),
        AttributeValue::Bool(flag) => (*flag).into(),
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::B(bytes) => {
            bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
        }
        AttributeValue::L(list) => list.iter().map(attribute_json).collect(),
        AttributeValue::M(map) => {
            let members: BTreeMap<_, _> = map.iter().collect();
            members.into_iter().map(|(name, value)| (name.clone(), attribute_json(value))).collect()
        }
        AttributeValue::Ss(set) => {
            let mut values = set.clone();
            values.sort();
            values.into()
        }
        AttributeValue::Bs(_) | AttributeValue::Ns(_) | _ => {
            panic!("the table has no {value:?}")
        }
    }
}
