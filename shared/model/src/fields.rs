//! Reads the members of a JSON object strictly, and collects everything that is wrong with them.
//!
//! Used by the two error formats that refuse unknown members. The credentials family has its own rules: [`crate::credential::input`].

use serde_json::{Map, Value};

use crate::json::Inexact;
use crate::text;
use crate::violation::Violations;

/// A type that is made from the members of a JSON object.
pub trait FromFields: Sized {
    /// Reads its members from `fields`, which notes what is wrong. The result is used only if nothing is wrong. It is `None` only if a
    /// required member was refused.
    fn read(fields: &mut Fields) -> Option<Self>;
}

/// The unread members of a JSON object, and what is wrong with the read ones.
#[derive(Debug)]
pub struct Fields {
    members: Map<String, Value>,
    violations: Violations,
}

impl Fields {
    /// Reads a whole object as a `T`.
    ///
    /// # Errors
    /// All violations: first those of known members in `T`'s order, then each unknown member.
    pub fn read<T: FromFields>(members: Map<String, Value>) -> Result<T, Violations> {
        Self::read_exact(members, &[])
    }

    /// The same, with members whose numbers were not kept exactly. Such a member is refused, unless it is refused for another reason.
    ///
    /// # Errors
    /// As above.
    pub fn read_exact<T: FromFields>(
        members: Map<String, Value>,
        inexact: &[Inexact],
    ) -> Result<T, Violations> {
        let mut fields = Self { members, violations: Violations::default() };
        let value = T::read(&mut fields);
        for Inexact { member, number } in inexact {
            let is_known = !fields.members.contains_key(member);
            if is_known && !fields.is_refused(member) {
                fields.refuse(
                    member,
                    format!("{member} has a number that 64 bits do not hold exactly: {number}"),
                );
            }
        }
        let Self { members, mut violations } = fields;
        for name in members.keys() {
            violations.add(name, format!("Unknown field: {name}"));
        }
        match value {
            Some(value) => violations.or(value),
            None => Err(violations),
        }
    }

    /// Notes a violation.
    pub fn refuse(&mut self, name: &str, sentence: impl Into<String>) {
        self.violations.add(name, sentence);
    }

    /// Whether something is wrong with a member.
    #[must_use]
    pub fn is_refused(&self, name: &str) -> bool {
        self.violations.iter().any(|(field, _)| field == name)
    }

    /// Whether a member is there and not `null`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|value| !value.is_null())
    }

    /// Removes a member and returns it, also if it is `null`.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.members.shift_remove(name)
    }

    /// Removes a member if it is an explicit `null`, and returns whether it was.
    pub fn clears(&mut self, name: &str) -> bool {
        let is_null = self.members.get(name).is_some_and(Value::is_null);
        if is_null {
            self.take(name);
        }
        is_null
    }

    /// Ignores a read-only member of the representation.
    pub fn ignore(&mut self, name: &str) {
        self.take(name);
    }

    /// Removes a member that must not be `null`.
    fn present(&mut self, name: &str) -> Option<Value> {
        let value = self.take(name)?;
        if value.is_null() {
            self.refuse(name, format!("{name} must not be null"));
            return None;
        }
        Some(value)
    }

    /// An optional string of any content.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.present(name)? {
            Value::String(text) => Some(text),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                self.refuse(name, format!("{name} must be a string"));
                None
            }
        }
    }

    /// An optional string of 1 to `limit` code points: one line with something visible.
    pub fn line(&mut self, name: &str, limit: usize) -> Option<String> {
        let text = self.text(name)?;
        let wrong = if text::is_blank(&text) {
            format!("{name} must not be blank")
        } else if text::is_longer(&text, limit) {
            format!("{name} must have at most {limit} characters")
        } else if text::is_more_than_a_line(&text) {
            format!("{name} must be one line without control characters or changes of direction")
        } else {
            return Some(text);
        };
        self.refuse(name, wrong);
        None
    }

    /// An optional string of at most `limit` code points, in one or more lines.
    pub fn lines(&mut self, name: &str, limit: usize) -> Option<String> {
        let text = self.text(name)?;
        let wrong = if text::is_longer(&text, limit) {
            format!("{name} must have at most {limit} characters")
        } else if text::has_control(&text) {
            format!("{name} must not contain control characters or changes of direction")
        } else {
            return Some(text);
        };
        self.refuse(name, wrong);
        None
    }

    /// An optional boolean.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.present(name)?;
        if value.as_bool().is_none() {
            self.refuse(name, format!("{name} must be true or false"));
        }
        value.as_bool()
    }

    /// Notes a missing required member, unless it was refused already.
    pub fn require<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.is_refused(name) {
            self.refuse(name, format!("{name} is required"));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(members: &Value) -> Fields {
        Fields { members: members.as_object().unwrap().clone(), violations: Violations::default() }
    }

    fn sentences(violations: &Violations) -> Vec<&str> {
        violations.iter().map(|(_, sentence)| sentence).collect()
    }

    #[test]
    fn a_member_is_there_or_null_or_absent() {
        for (members, has, clears) in
            [(json!({"a": 1}), true, false), (json!({"a": null}), false, true), (json!({}), false, false)]
        {
            let mut fields = fields(&members);
            assert_eq!((fields.has("a"), fields.clears("a")), (has, clears), "{members}");
            assert_eq!(fields.take("a"), has.then(|| json!(1)), "{members}");
        }
    }

    #[test]
    fn a_line_has_something_in_it_and_no_end() {
        for (text, sentence) in [
            ("  a é ", None),
            ("éééé é", None),
            ("éééé éé", Some("a must have at most 6 characters")),
            (" \t", Some("a must not be blank")),
            ("a\nb", Some("a must be one line without control characters or changes of direction")),
            ("a\u{2028}b", Some("a must be one line without control characters or changes of direction")),
            ("\u{200B}\u{3164}", Some("a must not be blank")),
        ] {
            let mut fields = fields(&json!({ "a": text }));
            assert_eq!(fields.line("a", 6).as_deref(), sentence.is_none().then_some(text));
            assert_eq!(sentences(&fields.violations), sentence.into_iter().collect::<Vec<_>>(), "{text:?}");
        }
    }

    #[test]
    fn lines_may_be_several_and_have_no_effect() {
        for (text, sentence) in [
            ("", None),
            ("a\nb\u{e9}", None),
            ("ééééé", Some("a must have at most 4 characters")),
            ("a\0", Some("a must not contain control characters or changes of direction")),
            ("\u{1b}[m", Some("a must not contain control characters or changes of direction")),
        ] {
            let mut fields = fields(&json!({ "a": text }));
            assert_eq!(fields.lines("a", 4).as_deref(), sentence.is_none().then_some(text));
            assert_eq!(sentences(&fields.violations), sentence.into_iter().collect::<Vec<_>>(), "{text:?}");
        }
    }

    #[test]
    fn a_required_member_that_was_refused_is_not_missing_too() {
        let mut fields = fields(&json!({"a": null, "b": 1, "c": true}));
        for name in ["a", "b", "c", "d"] {
            let value =
                if name == "c" { fields.flag(name).map(|flag| flag.to_string()) } else { fields.text(name) };
            let _ = fields.require(name, value);
        }
        assert_eq!(
            sentences(&fields.violations),
            ["a must not be null", "b must be a string", "d is required"]
        );
    }

    #[derive(Debug, PartialEq)]
    struct Pair(bool, String);

    impl FromFields for Pair {
        fn read(fields: &mut Fields) -> Option<Self> {
            fields.ignore("id");
            let flag = fields.flag("flag").unwrap_or_default();
            let text = fields.text("text");
            Some(Self(flag, fields.require("text", text)?))
        }
    }

    #[test]
    fn a_number_that_is_not_what_was_sent_is_refused_with_its_member() {
        let members = json!({"text": "t", "flag": true, "x": 1}).as_object().unwrap().clone();
        let inexact =
            ["flag", "x", "id"].map(|member| Inexact { member: member.into(), number: "-0".into() });
        let refused = Fields::read_exact::<Pair>(members, &inexact).unwrap_err();
        let sentence = |name: &str| format!("{name} has a number that 64 bits do not hold exactly: -0");
        assert_eq!(
            sentences(&refused),
            [sentence("flag").as_str(), sentence("id").as_str(), "Unknown field: x"]
        );
        let members = json!({"text": "t", "flag": 0}).as_object().unwrap().clone();
        let refused = Fields::read_exact::<Pair>(members, &inexact[..1]).unwrap_err();
        assert_eq!(sentences(&refused), ["flag must be true or false"]);
    }

    #[test]
    fn everything_that_is_wrong_is_named_and_unknown_members_last() {
        let read = |members: Value| Fields::read::<Pair>(members.as_object().unwrap().clone());
        assert_eq!(read(json!({"id": [], "flag": true, "text": "t"})), Ok(Pair(true, "t".into())));
        for (members, all) in [
            (
                json!({"x": 1, "flag": 0, "y": 2}),
                vec![
                    "flag must be true or false",
                    "text is required",
                    "Unknown field: x",
                    "Unknown field: y",
                ],
            ),
            (json!({"text": "t", "x": null}), vec!["Unknown field: x"]),
            (json!({"text": "t", "flag": "true"}), vec!["flag must be true or false"]),
        ] {
            assert_eq!(sentences(&read(members.clone()).unwrap_err()), all, "{members}");
        }
    }
}
