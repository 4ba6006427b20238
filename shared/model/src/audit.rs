//! The audit log's vocabulary.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::json::{self, LEVELS_MAX};
use crate::page;
use crate::query::{self, FromQuery};
use crate::time::Timestamp;
use crate::violation::Violations;

macro_rules! events {
    ($($name:ident,)*) => {
        /// What happened. The spelling is the API's.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        #[expect(missing_docs, reason = "the names say all there is")]
        pub enum AuditEvent {
            $($name,)*
        }

        impl AuditEvent {
            /// Every event, for the error that lists them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

events! {
    ResourceCreate,
    ResourceUpdate,
    ResourceDelete,
    ResourceDrain,
    RoleCreate,
    RoleUpdate,
    RoleDelete,
    RoleResourceAssign,
    RoleResourceUnassign,
    CredentialCreate,
    CredentialUpdate,
    CredentialDelete,
    ResourceVerify,
    UserCreate,
    UserUpdate,
    UserDelete,
    InvitationClaim,
    RoleUserAssign,
    RoleUserUnassign,
    UserResourceAssign,
    UserResourceUnassign,
    ApiKeyCreate,
    ApiKeyRevoke,
    SessionStart,
    SessionReserve,
    SessionRelease,
    SessionStop,
    SessionExtend,
    SessionExpire,
    RuleApply,
    RuleRefuse,
    RuleRemove,
    RuleStuck,
    RuleResolve,
    RuleRetry,
    RuleOrphan,
    RuleMissing,
    RuleAltered,
    AccessDenied,
}

impl AuditEvent {
    /// The API's spelling.
    #[must_use]
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| name.as_str().map(String::from)).unwrap_or_default()
    }
}

/// The kind of object that an audit row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names say all there is")]
pub enum AuditSubject {
    Resource,
    Role,
    Credential,
    User,
    ApiKey,
    Session,
    Rule,
    Request,
}

/// How an attempt ended. The spelling is the API's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuditResult {
    /// It succeeded.
    Success,
    /// It was tried and failed.
    Failure,
    /// The state did not allow it. Nothing was changed.
    Refused,
    /// The caller lacks the right. Nothing was changed.
    Denied,
}

/// An audit entry: what was done to which object. The transaction adds the actor and the time.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// What happened.
    pub event: AuditEvent,
    /// Kind of the object.
    pub subject: AuditSubject,
    /// The object's id, in the spelling of its own format.
    pub subject_id: String,
    /// The object's name at that time, if the operation knows it without another read.
    pub subject_name: Option<String>,
    /// How it ended.
    pub result: AuditResult,
    /// Further members; for updates `changes`, from [`changes`].
    pub details: Map<String, Value>,
}

impl AuditEntry {
    /// The same entry for a refused attempt, with the reason.
    #[must_use]
    pub fn refused(self, reason: &str) -> Self {
        let details = [(String::from("reason"), reason.into())].into_iter().collect();
        Self { result: AuditResult::Refused, details, ..self }
    }
}

/// A changed field, before and after. Both sides of a secret are masked.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// The field's name in the API.
    pub field: &'static str,
    /// The value before.
    pub from: Value,
    /// The value after.
    pub to: Value,
}

/// The members of an object that `json!` made, as `details`.
#[must_use]
pub fn details(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

/// Stands for a secret.
pub const MASK: &str = "********";

impl FieldChange {
    /// The change of a field; `None` if it did not change.
    pub fn between<T: Serialize + PartialEq>(field: &'static str, from: &T, to: &T) -> Option<Self> {
        (from != to).then(|| Self { field, from: recorded(from), to: recorded(to) })
    }

    /// A replaced secret. Only the fact is recorded.
    #[must_use]
    pub fn masked(field: &'static str) -> Self {
        Self { field, from: MASK.into(), to: MASK.into() }
    }
}

/// One side of a change. An earlier version accepted JSON that is too deep for a page of the log.
fn recorded(value: &impl Serialize) -> Value {
    let value = serde_json::to_value(value).unwrap_or(Value::Null);
    match json::levels(&value) {
        levels if levels > LEVELS_MAX => format!("(JSON of {levels} levels, which is not recorded)").into(),
        _ => value,
    }
}

/// The `details` of an update: `{"changes": {"<field>": {"from": …, "to": …}}}`.
#[must_use]
pub fn changes(changed: &[FieldChange]) -> Map<String, Value> {
    let sides = |change: &FieldChange| {
        let from = (String::from("from"), change.from.clone());
        (
            String::from(change.field),
            Value::Object([from, (String::from("to"), change.to.clone())].into_iter().collect()),
        )
    };
    let fields = changed.iter().map(sides).collect();
    [(String::from("changes"), Value::Object(fields))].into_iter().collect()
}

/// Rows on a page of the log, unless the query says otherwise.
const ROWS_DEFAULT: usize = 100;

/// A filter of the audit log, with the size of the page.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditFilter {
    /// What happened.
    pub event: Option<AuditEvent>,
    /// The actor, in any spelling of a UUID.
    pub actor_id: Option<String>,
    /// The object, in any spelling of a UUID.
    pub resource_id: Option<String>,
    /// Not before this millisecond.
    pub from: Option<Timestamp>,
    /// Not after this millisecond.
    pub to: Option<Timestamp>,
    /// Rows on a page, 1–500.
    pub limit: usize,
    /// The position after which the page begins.
    pub cursor: Option<String>,
}

impl FromQuery for AuditFilter {
    const PARAMETERS: &'static [&'static str] =
        &["eventType", "actorId", "resourceId", "from", "to", "limit", "cursor"];

    fn read<'q>(query: impl Fn(&str) -> Option<&'q str>) -> Result<Self, Violations> {
        let mut wrong = Violations::default();
        let known = AuditEvent::ALL.iter().map(|event| (*event, event.name()));
        let event = query::word("eventType", query("eventType"), known, &mut wrong);
        let mut span = |name: &str| {
            let span = Timestamp::parse_span(query(name)?).ok();
            if span.is_none() {
                wrong.add(name, format!("{name} must be a time, such as 2026-02-18T10:30:00Z"));
            }
            span
        };
        let (from, to) = (span("from"), span("to"));
        let is_turned = from.zip(to).is_some_and(|((from, _), (to, last))| to.max(last) < from);
        if is_turned {
            wrong.add("to", "to must not be before from");
        }
        let limit = page::limit(query("limit"), &mut wrong).unwrap_or(ROWS_DEFAULT);
        let text = |name| query(name).map(String::from);
        let (actor_id, resource_id, cursor) = (text("actorId"), text("resourceId"), text("cursor"));
        let (from, to) = (from.map(|(first, _)| first), to.map(|(_, last)| last));
        wrong.or(Self { event, actor_id, resource_id, from, to, limit, cursor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filter(query: &[(&str, &'static str)]) -> Result<AuditFilter, Vec<String>> {
        AuditFilter::read(|name| query.iter().find(|(other, _)| *other == name).map(|(_, value)| *value))
            .map_err(|wrong| wrong.iter().map(|(_, sentence)| sentence.into()).collect())
    }

    #[test]
    fn a_refused_attempt_says_why() {
        let entry = AuditEntry {
            event: AuditEvent::ResourceDelete,
            subject: AuditSubject::Resource,
            subject_id: "7".into(),
            subject_name: Some("DB".into()),
            result: AuditResult::Success,
            details: changes(&[FieldChange::masked("value")]),
        };
        let details = json!({"reason": "in use"}).as_object().unwrap().clone();
        let refused = AuditEntry { result: AuditResult::Refused, details, ..entry.clone() };
        assert_eq!(entry.refused("in use"), refused);
    }

    #[test]
    fn changes_have_two_sides_and_those_of_secrets_are_masked() {
        assert_eq!(FieldChange::between("name", &"a", &"a"), None);
        let changed =
            [FieldChange::between("name", &Some("a"), &None).unwrap(), FieldChange::masked("value")];
        let expected = json!({"changes": {
            "name": {"from": "a", "to": null},
            "value": {"from": "********", "to": "********"},
        }});
        assert_eq!(Value::Object(changes(&changed)), expected);
    }

    #[test]
    fn a_filter_is_read_by_its_parameters() {
        let everything = AuditFilter {
            event: None,
            actor_id: None,
            resource_id: None,
            from: None,
            to: None,
            limit: 100,
            cursor: None,
        };
        assert_eq!(filter(&[]), Ok(everything.clone()));
        let (time, millis) = ("2026-02-18T10:30:00Z", 1_771_410_600_000);
        let some = filter(&[
            ("eventType", "Rule_Stuck"),
            ("actorId", "ada"),
            ("resourceId", "7"),
            ("from", time),
            ("to", time),
            ("limit", "500"),
            ("cursor", "there"),
        ]);
        let time = |millis| Timestamp::from_unix_millis(millis).ok();
        let expected = AuditFilter {
            event: Some(AuditEvent::RuleStuck),
            actor_id: Some("ada".into()),
            resource_id: Some("7".into()),
            from: time(millis),
            to: time(millis + 999),
            limit: 500,
            cursor: Some("there".into()),
        };
        assert_eq!(some, Ok(expected));
        let later = filter(&[("from", "2026-02-18T10:29:59Z"), ("to", "2026-02-18T10:30:00Z")]).unwrap();
        assert!(later.from < later.to);
    }

    #[test]
    fn what_is_wrong_with_a_filter_is_named() {
        let time = |name: &str| format!("{name} must be a time, such as 2026-02-18T10:30:00Z");
        let events: Vec<_> = AuditEvent::ALL.iter().map(|event| event.name()).collect();
        for (query, sentences) in [
            (
                [("eventType", "rule"), ("from", "x")],
                vec![format!("eventType must be one of {}", events.join(", ")), time("from")],
            ),
            (
                [("to", "2026"), ("limit", "0")],
                vec![time("to"), "limit must be a whole number from 1 to 500".into()],
            ),
            (
                [("from", "2026-02-18T10:30:01Z"), ("to", "2026-02-18T10:30:00Z")],
                vec!["to must not be before from".into()],
            ),
        ] {
            assert_eq!(filter(&query), Err(sentences), "{query:?}");
        }
    }
}
