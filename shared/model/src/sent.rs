//! A partial update as it was sent, before its object is read.

use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;

use crate::fields::{Fields, FromFields};
use crate::json::Inexact;
use crate::violation::Violations;

/// The members of a partial update, and the update that they form.
///
/// A member that equals the object's representation is not a change, so no rule refuses it. An object may be older than a rule, or
/// created in another way. Callers can always send back what they were shown.
#[derive(Debug, Clone)]
pub struct Sent<T> {
    members: Map<String, Value>,
    inexact: Vec<Inexact>,
    read: Result<T, Violations>,
}

impl<T: FromFields + Clone> Sent<T> {
    /// Takes the members of a body, and its inexact numbers.
    #[must_use]
    pub fn new(members: Map<String, Value>, inexact: Vec<Inexact>) -> Self {
        Self { read: Fields::read_exact(members.clone(), &inexact), members, inexact }
    }

    /// The update of a missing or unread object. A body is checked before existence.
    ///
    /// # Errors
    /// Everything that is wrong with the members by themselves.
    pub fn of_nothing(&self) -> Result<&T, Violations> {
        self.read.as_ref().map_err(Violations::clone)
    }

    /// The update of an object with this representation.
    ///
    /// # Errors
    /// Everything that is wrong with the members that differ from the representation.
    pub fn of(&self, shown: &impl Serialize) -> Result<Cow<'_, T>, Violations> {
        let violations = match &self.read {
            Ok(update) => return Ok(Cow::Borrowed(update)),
            Err(violations) => violations,
        };
        let Ok(Value::Object(shown)) = serde_json::to_value(shown) else {
            return Err(violations.clone());
        };
        let is_exact = |name: &str| self.inexact.iter().all(|inexact| inexact.member != name);
        let is_shown = |name: &str, value: &Value| is_exact(name) && shown.get(name) == Some(value);
        let changed = self.members.iter().filter(|(name, value)| !is_shown(name, value));
        let changed = changed.map(|(name, value)| (name.clone(), value.clone())).collect();
        Fields::read_exact(changed, &self.inexact).map(Cow::Owned)
    }
}

/// An update that does not come from HTTP.
impl<T> From<T> for Sent<T> {
    fn from(update: T) -> Self {
        Self { members: Map::new(), inexact: Vec::new(), read: Ok(update) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, Clone, PartialEq)]
    struct Named(Option<String>);

    impl FromFields for Named {
        fn read(fields: &mut Fields) -> Option<Self> {
            Some(Self(fields.line("name", 3)))
        }
    }

    fn sent(members: &Value) -> Sent<Named> {
        Sent::new(members.as_object().unwrap().clone(), Vec::new())
    }

    fn sentences(violations: &Violations) -> Vec<&str> {
        violations.iter().map(|(_, sentence)| sentence).collect()
    }

    #[test]
    fn what_is_shown_is_no_change_whatever_the_rules_say() {
        let shown = json!({"name": "longer than three", "note": null, "number": 1});
        for (members, expected) in [
            (json!({}), Ok(None)),
            (json!({"name": "new"}), Ok(Some("new"))),
            (shown.clone(), Ok(None)),
            (json!({"name": "longer than three"}), Ok(None)),
            (json!({"name": "new", "note": null}), Ok(Some("new"))),
            (json!({"name": "longer than four"}), Err(vec!["name must have at most 3 characters"])),
            (json!({"name": "longer than three", "note": 1}), Err(vec!["Unknown field: note"])),
            (json!({"name": null, "number": 1}), Err(vec!["name must not be null"])),
        ] {
            let sent = sent(&members);
            match (sent.of(&shown), expected) {
                (Ok(update), Ok(name)) => assert_eq!(update.0.as_deref(), name, "{members}"),
                (Err(wrong), Err(all)) => assert_eq!(sentences(&wrong), all, "{members}"),
                (found, expected) => panic!("{members}: {found:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn without_an_object_everything_is_checked() {
        assert_eq!(sent(&json!({"name": "new"})).of_nothing(), Ok(&Named(Some("new".into()))));
        let wrong = sent(&json!({"name": "long"})).of_nothing().unwrap_err();
        assert_eq!(sentences(&wrong), ["name must have at most 3 characters"]);
        // An object that cannot be shown has no representation.
        assert!(sent(&json!({"name": null})).of(&()).is_err());
        assert_eq!(*Sent::from(Named(None)).of(&()).unwrap(), Named(None));
    }
}
