//! Expressions with their names and values.
//!
//! Attributes are written as `#name` and values as `:name`, so that none of them clashes with DynamoDB's reserved words.

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

    /// Both conditions. The names of their values must differ.
    pub(crate) fn and(self, other: Self) -> Self {
        let text = format!("({}) AND ({})", self.text, other.text).into();
        Self { text, values: self.values.into_iter().chain(other.values).collect() }
    }

    /// The item exists.
    pub(crate) fn exists() -> Self {
        Self::new("attribute_exists(#pk)", [])
    }

    /// The item has the version that was read.
    pub(crate) fn has_version(seen: i64) -> Self {
        Self::new("#version = :version", [(":version", AttributeValue::N(seen.to_string()))])
    }

    /// The item does not exist.
    pub(crate) fn absent() -> Self {
        Self::new("attribute_not_exists(#pk)", [])
    }
}

/// The names that some expressions use: `#name` stands for the attribute `name`.
pub(crate) fn names(texts: &[&str]) -> HashMap<String, String> {
    let is_name = |c: char| c.is_ascii_alphanumeric();
    texts
        .iter()
        .flat_map(|text| text.split('#').skip(1))
        .map(|tail| tail.split(|c| !is_name(c)).next().unwrap_or_default())
        .map(|name| (format!("#{name}"), name.into()))
        .collect()
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
