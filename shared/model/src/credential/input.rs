//! Reads the fields of a credential as the seed's framework does: JSON, form and multipart give the same
//! result, texts are trimmed, booleans have many spellings, and unknown or read-only fields are ignored.
//!
//! Deviations from that framework, all within the published schema: a form that omits `is_sensitive` leaves it
//! as it is instead of clearing it; `value` is taken byte for byte; in forms `value` is plain text. A name that nobody can see is
//! blank, and control characters other than those of lines and columns are refused.

use serde_json::{Map, Value};
use std::fmt;

use super::{CredentialType, VALUE_MAX_BYTES};
use crate::id::RoleId;
use crate::json::{self, LEVELS_MAX, is_kept};
use crate::provider::Provider;
use crate::secret::SecretJson;
use crate::text::{DESCRIPTION_MAX, NAME_MAX, has_control, is_blank, is_longer};
use crate::violation::Violations;

/// A field as it was sent. It may be a secret: `Debug` says what kind of thing it is, and no more.
#[derive(Clone)]
pub enum Given {
    /// A JSON value, with its text as it stood in the body.
    Json {
        /// The parsed value.
        value: Value,
        /// The text.
        raw: String,
    },
    /// A JSON string with half of a surrogate pair, which is no Unicode text.
    LoneSurrogate(u16),
    /// A field of a form.
    Text(String),
    /// A file part of a multipart form.
    File,
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json { .. } => "Json",
            Self::LoneSurrogate(_) => "LoneSurrogate",
            Self::Text(_) => "Text",
            Self::File => "File",
        })
    }
}

/// The fields of a body; of a repeated field, the last.
#[derive(Debug, Clone, Default)]
pub struct GivenFields(Vec<(String, Given)>);

impl GivenFields {
    /// Sets a field.
    pub fn set(&mut self, name: String, given: Given) {
        self.0.retain(|(other, _)| *other != name);
        self.0.push((name, given));
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields that differ from what the credential shows.
    pub(super) fn changed(&self, shown: &Map<String, Value>) -> Self {
        let is_shown = |name: &String, given: &Given| match given {
            Given::Json { value, .. } => shown.get(name) == Some(value),
            Given::Text(text) => shown.get(name).and_then(Value::as_str) == Some(text),
            Given::LoneSurrogate(_) | Given::File => false,
        };
        Self(self.0.iter().filter(|(name, given)| !is_shown(name, given)).cloned().collect())
    }

    fn get(&self, name: &str) -> Option<&Given> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, given)| given)
    }
}

/// Which fields must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Required {
    /// `name` and `value`: PUT and POST.
    NameAndValue,
    /// None: PATCH.
    Nothing,
}

/// The fields in the order of the schema, which is the order of the error body.
const FIELDS: [&str; 7] =
    ["name", "team", "description", "is_sensitive", "value", "provider", "credential_type"];

/// The fields of a credential, checked one by one. A field that was not sent is `None`.
#[derive(Debug, Clone)]
pub struct CredentialForm {
    pub(super) name: Option<String>,
    pub(super) team: Option<Option<Team>>,
    pub(super) description: Option<String>,
    pub(super) is_sensitive: Option<bool>,
    pub(super) value: Option<Option<SecretJson>>,
    pub(super) provider: Option<Provider>,
    pub(super) credential_type: Option<Option<CredentialType>>,
}

/// A team as it was named. Whether it exists is for the store to say.
#[derive(Debug, Clone)]
pub struct Team {
    /// The role.
    pub id: RoleId,
    /// The caller's spelling, for the error.
    pub named: String,
}

/// The violation for a team that does not exist in the organization.
#[must_use]
pub fn unknown_team(named: &str) -> Violations {
    Violations::one("team", unknown_pk(named))
}

fn unknown_pk(named: &str) -> String {
    format!("Invalid pk \"{named}\" - object does not exist.")
}

/// Fields that were refused. A team that has the right form was not looked up yet, although the error names
/// every faulty field at once.
#[derive(Debug, Clone)]
pub struct InvalidFields {
    violations: Violations,
    /// The team to look up.
    pub team: Option<Team>,
}

impl InvalidFields {
    /// Whether a required field was not sent.
    pub(super) fn lacks_a_field(&self) -> bool {
        self.violations.iter().any(|(_, sentence)| sentence == REQUIRED)
    }

    /// All violations, once it is known whether the team exists.
    #[must_use]
    pub fn violations(mut self, team_exists: bool) -> Violations {
        if let (Some(team), false) = (&self.team, team_exists) {
            self.violations.add("team", unknown_pk(&team.named));
        }
        self.violations.ordered(&FIELDS)
    }
}

impl CredentialForm {
    /// Reads and checks every field.
    ///
    /// # Errors
    /// Everything that is wrong, field by field.
    pub fn read(fields: &GivenFields, required: Required) -> Result<Self, Box<InvalidFields>> {
        let mut reader = Reader { fields, violations: Violations::default() };
        let form = Self {
            name: reader.text("name", NAME_MAX, Blank::Refused),
            team: reader.team(),
            description: reader.text("description", DESCRIPTION_MAX, Blank::Kept),
            is_sensitive: reader.boolean(),
            value: reader.value(),
            provider: reader.provider(),
            credential_type: reader.credential_type(),
        };
        match required {
            Required::NameAndValue => reader.require(["name", "value"]),
            Required::Nothing => {}
        }
        if reader.violations.is_empty() {
            return Ok(form);
        }
        let violations = reader.violations.ordered(&FIELDS);
        Err(Box::new(InvalidFields { violations, team: form.team.flatten() }))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Blank {
    Refused,
    Kept,
}

struct Reader<'a> {
    fields: &'a GivenFields,
    violations: Violations,
}

const REQUIRED: &str = "This field is required.";
const NULL: &str = "This field may not be null.";
const BLANK: &str = "This field may not be blank.";
const NOT_A_STRING: &str = "Not a valid string.";
const NOT_KEPT: &str = "This number has more digits than are kept. Send it as a string.";
pub(super) const NOT_A_BOOLEAN: &str = "Must be a valid boolean.";

fn surrogate(unit: u16) -> String {
    format!("Surrogate characters are not allowed: U+{unit:X}.")
}

fn too_long(limit: usize) -> String {
    format!("Ensure this field has no more than {limit} characters.")
}

/// A JSON number as the text that the seed's framework makes of it: `123`, `1.5`, and `1e3` as `1000.0`. Nothing where the text would
/// say another number.
fn number_text(number: &serde_json::Number, raw: &str) -> Option<String> {
    if raw.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return Some(raw.into());
    }
    is_kept(raw).then(|| number.as_f64().map_or_else(|| raw.into(), |float| format!("{float:?}")))
}

impl Reader<'_> {
    fn refuse<T>(&mut self, field: &str, sentence: impl Into<String>) -> Option<T> {
        self.violations.add(field, sentence);
        None
    }

    fn require(&mut self, names: [&str; 2]) {
        for name in names {
            if self.fields.get(name).is_none() {
                self.violations.add(name, REQUIRED);
            }
        }
    }

    fn text(&mut self, field: &'static str, limit: usize, blank: Blank) -> Option<String> {
        let text = match self.fields.get(field)? {
            Given::Text(text) | Given::Json { value: Value::String(text), .. } => text.clone(),
            Given::Json { value: Value::Number(number), raw } => match number_text(number, raw) {
                Some(text) => text,
                None => return self.refuse(field, NOT_KEPT),
            },
            Given::Json { value: Value::Null, .. } => return self.refuse(field, NULL),
            Given::LoneSurrogate(unit) => return self.refuse(field, surrogate(*unit)),
            Given::Json { value: Value::Bool(_) | Value::Array(_) | Value::Object(_), .. } | Given::File => {
                return self.refuse(field, NOT_A_STRING);
            }
        };
        // Before it is trimmed: some control characters count as white space.
        let has_control = has_control(&text);
        let text = text.trim();
        let is_invisible = is_blank(text) && !text.chars().any(char::is_control);
        if (text.is_empty() || is_invisible) && blank == Blank::Refused {
            return self.refuse(field, BLANK);
        }
        if is_longer(text, limit) {
            self.violations.add(field, too_long(limit));
        }
        if text.contains('\0') {
            self.violations.add(field, "Null characters are not allowed.");
        } else if has_control {
            self.violations.add(field, "Control characters and changes of direction are not allowed.");
        }
        Some(text.into())
    }

    fn team(&mut self) -> Option<Option<Team>> {
        let wrong = |kind: &str| format!("Incorrect type. Expected pk value, received {kind}.");
        let named = match self.fields.get("team")? {
            Given::Json { value: Value::Null, .. } => return Some(None),
            Given::Text(text) | Given::Json { value: Value::String(text), .. } => text.clone(),
            Given::Json { value: Value::Number(_), raw } => raw.clone(),
            Given::Json { value: Value::Bool(_), .. } => return self.refuse("team", wrong("bool")),
            Given::Json { value: Value::Array(_), .. } => return self.refuse("team", wrong("list")),
            Given::Json { value: Value::Object(_), .. } => return self.refuse("team", wrong("dict")),
            Given::File => return self.refuse("team", wrong("file")),
            Given::LoneSurrogate(unit) => return self.refuse("team", surrogate(*unit)),
        };
        if named.is_empty() {
            return Some(None);
        }
        match RoleId::parse_any(&named) {
            Ok(id) => Some(Some(Team { id, named })),
            Err(_) => self.refuse("team", unknown_pk(&named)),
        }
    }

    fn boolean(&mut self) -> Option<bool> {
        let field = "is_sensitive";
        let found = match self.fields.get(field)? {
            Given::Text(text) if text.is_empty() => return None,
            Given::Text(text) | Given::Json { value: Value::String(text), .. } => boolean_text(text),
            Given::Json { value: Value::Bool(flag), .. } => Some(*flag),
            Given::Json { value: Value::Number(number), raw } if is_kept(raw) => {
                number.as_f64().and_then(boolean_number)
            }
            Given::Json { value: Value::Null, .. } => return self.refuse(field, NULL),
            Given::Json { value: Value::Number(_) | Value::Array(_) | Value::Object(_), .. }
            | Given::File
            | Given::LoneSurrogate(_) => None,
        };
        found.or_else(|| self.refuse(field, NOT_A_BOOLEAN))
    }

    fn value(&mut self) -> Option<Option<SecretJson>> {
        let field = "value";
        let (secret, length) = match self.fields.get(field)? {
            Given::Json { value: Value::Null, .. } => return Some(None),
            Given::Json { value: Value::String(text), .. } if text.is_empty() => {
                return self.refuse(field, BLANK);
            }
            Given::Text(text) if text.is_empty() => return Some(None),
            Given::Text(text) => (SecretJson::from_text(text), text.len()),
            Given::Json { value: Value::String(text), raw } => (SecretJson::new(raw.clone()), text.len()),
            Given::Json { value, .. } if json::levels(value) > LEVELS_MAX => {
                return self
                    .refuse(field, format!("Ensure this field has no more than {LEVELS_MAX} levels."));
            }
            Given::Json { raw, .. } => (SecretJson::new(raw.clone()), raw.len()),
            Given::LoneSurrogate(unit) => return self.refuse(field, surrogate(*unit)),
            Given::File => return self.refuse(field, NOT_A_STRING),
        };
        if length > VALUE_MAX_BYTES {
            return self.refuse(field, too_long(VALUE_MAX_BYTES));
        }
        Some(Some(secret))
    }

    /// A text that must be one of a list. An empty one counts as not sent in forms only.
    fn choice(&mut self, field: &'static str) -> Option<Option<String>> {
        match self.fields.get(field)? {
            Given::Text(text) if text.is_empty() => Some(None),
            Given::Json { value: Value::Null, .. } => Some(None),
            Given::Text(text) | Given::Json { value: Value::String(text), .. } => Some(Some(text.clone())),
            Given::Json { .. } | Given::File | Given::LoneSurrogate(_) => self.refuse(field, NOT_A_STRING),
        }
    }

    fn provider(&mut self) -> Option<Provider> {
        let field = "provider";
        let Some(text) = self.choice(field)? else {
            return self.refuse(field, NULL);
        };
        Provider::parse(&text).or_else(|| self.refuse(field, format!("\"{text}\" is not a valid choice.")))
    }

    fn credential_type(&mut self) -> Option<Option<CredentialType>> {
        let field = "credential_type";
        let Some(text) = self.choice(field)? else {
            return Some(None);
        };
        let known = CredentialType::parse(&text);
        known.map(Some).or_else(|| self.refuse(field, format!("\"{text}\" is not a valid choice.")))
    }
}

pub(super) fn boolean_text(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn boolean_number(number: f64) -> Option<bool> {
    if number == 1.0 {
        Some(true)
    } else if number == 0.0 {
        Some(false)
    } else {
        None
    }
}
