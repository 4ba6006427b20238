//! What is wrong with an input, field by field.

/// Violations of a request's fields, in the order in which the API lists the fields.
///
/// Each sentence is complete, because one of the three error formats prints it without the field's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations(Vec<(String, String)>);

/// The credentials family reports rules over several fields under this name.
pub const NON_FIELD: &str = "non_field_errors";

impl Violations {
    /// A single violation.
    #[must_use]
    pub fn one(field: &str, sentence: impl Into<String>) -> Self {
        Self(vec![(field.into(), sentence.into())])
    }

    /// Adds a violation.
    pub fn add(&mut self, field: &str, sentence: impl Into<String>) {
        self.0.push((field.into(), sentence.into()));
    }

    /// Sorts the violations in the order of `fields`. Other fields come last.
    #[must_use]
    pub fn ordered(mut self, fields: &[&str]) -> Self {
        self.0.sort_by_key(|(name, _)| fields.iter().position(|field| field == name).unwrap_or(usize::MAX));
        self
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Field and sentence of each.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(field, sentence)| (field.as_str(), sentence.as_str()))
    }

    /// The value, if nothing is wrong.
    ///
    /// # Errors
    /// The violations themselves.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violations_come_in_the_order_of_the_fields_and_others_last() {
        let mut all = Violations::one("other", "1");
        for (field, sentence) in [("b", "2"), ("a", "3"), ("b", "4"), ("stray", "5")] {
            all.add(field, sentence);
        }
        let ordered = all.ordered(&["a", "b"]);
        let expected = [("a", "3"), ("b", "2"), ("b", "4"), ("other", "1"), ("stray", "5")];
        assert_eq!(ordered.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_value_counts_when_nothing_is_wrong() {
        assert_eq!(Violations::default().or(7), Ok(7));
        let wrong = Violations::one("a", "1");
        assert!(Violations::default().is_empty() && !wrong.is_empty());
        assert_eq!(wrong.clone().or(7), Err(wrong));
    }
}
