//! Expressions with their names and values.
//!
//! Every attribute is written as `#name` and every value as `:name`, so that no reserved word of DynamoDB can
//! stand in the way.

use aws_sdk_dynamodb::types::AttributeValue;
use std::borrow::Cow;
use std::collections::HashMap;

/// A condition, update or key condition.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    pub(crate) text: Cow<'static, str>,
    pub(crate) values: Vec<(Cow<'static, str>, AttributeValue)>,
}

impl Expression {
    pub(crate) fn new(
        text: impl Into<Cow<'static, str>>,
        values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
    ) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Self { text: text.into(), values }
    }

    /// The same with one more value.
    pub(crate) fn with(mut self, name: impl Into<Cow<'static, str>>, value: AttributeValue) -> Self {
        self.values.push((name.into(), value));
        self
    }

    /// The item exists.
    pub(crate) fn exists() -> Self {
        Self::new("attribute_exists(#pk)", [])
    }

    /// The item does not exist.
    pub(crate) fn absent() -> Self {
        Self::new("attribute_not_exists(#pk)", [])
    }
}

/// As many names as most expressions have: a map of so many is made once, and not larger and larger.
const NAMES: usize = 7;

/// The names that some expressions use: `#name` stands for the attribute `name`.
pub(crate) fn names(texts: &[&str]) -> HashMap<String, String> {
    let tails = texts.iter().flat_map(|text| text.split('#').skip(1));
    let mut names = HashMap::with_capacity(NAMES);
    for tail in tails {
        let end = tail.bytes().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(tail.len());
        let name = tail.get(..end).unwrap_or_default();
        names.insert(["#", name].concat(), name.into());
    }
    names
}

/// The values of some expressions, under the names that they use.
pub(crate) fn values(expressions: &[&Expression]) -> Option<HashMap<String, AttributeValue>> {
    let values = expressions.iter().flat_map(|expression| expression.values.iter());
    let values: HashMap<_, _> = values.map(|(name, value)| (name.to_string(), value.clone())).collect();
    (!values.is_empty()).then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_the_text() {
        let found =
            names(&["attribute_exists(#pk) AND #data.#name = :name", "SET #version = #version + :one"]);
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort();
        let pairs = ["data", "name", "pk", "version"].map(|name| (format!("#{name}"), String::from(name)));
        assert_eq!(found, pairs);
    }
}
