//! Reads the members of a JSON object strictly, and collects everything that is wrong with them.
//!
//! Used by the two faces that refuse unknown members. The credentials face has rules of its own:
//! [`crate::credential::input`].

use serde_json::{Map, Value};

use crate::text;
use crate::violation::Violations;

/// A type that is made from the members of a JSON object.
pub trait FromFields: Sized {
    /// Reads every member that it knows from `fields`; what is wrong is noted there. The returned value is
    /// used only when nothing was; it is `None` only where a required member was refused.
    fn read(fields: &mut Fields) -> Option<Self>;
}

/// The members of a JSON object that have not been read yet, and what is wrong with those that have.
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
        let mut fields = Self { members, violations: Violations::default() };
        let value = T::read(&mut fields);
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

    /// Whether a member is there and not `null`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|value| !value.is_null())
    }

    /// Takes a member out, `null` included.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.members.shift_remove(name)
    }

    /// Takes a member out when it is an explicit `null`, and says whether it was.
    pub fn clears(&mut self, name: &str) -> bool {
        let is_null = self.members.get(name).is_some_and(Value::is_null);
        if is_null {
            self.take(name);
        }
        is_null
    }

    /// Passes over a member that the representation has and that a request cannot set.
    pub fn ignore(&mut self, name: &str) {
        self.take(name);
    }

    /// Takes a member that must not be `null`.
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

    /// An optional string of 1 to `limit` code points that is more than white space and has no control characters.
    pub fn line(&mut self, name: &str, limit: usize) -> Option<String> {
        let text = self.text(name)?;
        let wrong = if text::is_blank(&text) {
            format!("{name} must not be blank")
        } else if text::is_longer(&text, limit) {
            format!("{name} must have at most {limit} characters")
        } else if text.chars().any(char::is_control) {
            format!("{name} must not contain control characters")
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

    /// Notes that a required member is missing, unless it is there or was refused already.
    pub fn require<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.violations.iter().any(|(field, _)| field == name) {
            self.refuse(name, format!("{name} is required"));
        }
        value
    }
}
