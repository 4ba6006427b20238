//! API keys: what a program shows in place of a person's token.

mod draft;

pub use draft::ApiKeyDraft;

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::id::{ApiKeyId, EntryId};
use crate::principal::Creator;
use crate::time::Timestamp;

/// What every key's text begins with, so that a leaked one is recognised.
pub const PREFIX: &str = "pst_";

/// Seconds between two records of a key's use, so that a busy key costs no write for each request.
pub const USE_RECORDED_EVERY_SECONDS: i64 = 60;

/// What a key is good for. None implies another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// See the sessions of the person who made the key.
    #[serde(rename = "sessions:read")]
    SessionsRead,
    /// Start, stop and extend them.
    #[serde(rename = "sessions:write")]
    SessionsWrite,
    /// See the organization's resources.
    #[serde(rename = "resources:read")]
    ResourcesRead,
    /// See the organization's audit log.
    #[serde(rename = "audit:read")]
    AuditRead,
}

impl Scope {
    /// Every scope, in the order in which they are shown.
    pub const ALL: [Self; 4] =
        [Self::SessionsRead, Self::SessionsWrite, Self::ResourcesRead, Self::AuditRead];

    /// The API's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SessionsRead => "sessions:read",
            Self::SessionsWrite => "sessions:write",
            Self::ResourcesRead => "resources:read",
            Self::AuditRead => "audit:read",
        }
    }

    /// Reads the API's spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An API key without its text, which is shown once and kept nowhere.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiKey {
    /// Identifier, and part of the text.
    pub id: ApiKeyId,
    /// For people, 1–255 characters; not unique.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// What it is good for, at least one.
    pub scopes: Vec<Scope>,
    /// Who made it, and in whose name it acts.
    pub created_by: Creator,
    /// The maker's place in the directory: the key is theirs, and not that of somebody who comes with the same id after their
    /// deletion. None for a key of an earlier version.
    pub maker_entry: Option<EntryId>,
    /// From when on it is good for nothing; none is never.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// From which address.
    pub last_used_ip: Option<String>,
    /// Creation.
    pub created_at: Timestamp,
}

impl ApiKey {
    /// Whether it is neither revoked nor past its time.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether a person of the directory is the maker.
    #[must_use]
    pub fn is_made_by(&self, entry: Option<EntryId>) -> bool {
        self.maker_entry.is_none() || self.maker_entry == entry
    }

    /// Whether a use now is to be recorded.
    #[must_use]
    pub fn is_use_due(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|at| now >= at.plus_seconds(USE_RECORDED_EVERY_SECONDS))
    }

    /// Whether it is good for something.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// The beginning of its text, by which people recognise it; there is no secret in it.
    #[must_use]
    pub fn prefix(&self) -> String {
        format!("{PREFIX}{}", self.id.base58())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Fields;
    use crate::id::UserId;
    use serde_json::{Value, json};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(millis).unwrap()
    }

    fn creator() -> Creator {
        Creator { id: UserId::parse("ada").unwrap(), email: None, name: None }
    }

    fn draft(body: &Value) -> Result<ApiKeyDraft, Vec<String>> {
        let read = Fields::read::<ApiKeyDraft>(body.as_object().unwrap().clone());
        read.map_err(|wrong| wrong.iter().map(|(_, sentence)| sentence.into()).collect())
    }

    #[test]
    fn scopes_have_one_spelling() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
            assert_eq!(scope.to_string(), scope.as_str());
        }
        assert_eq!(Scope::parse("SESSIONS:READ"), None);
    }

    #[test]
    fn a_key_lives_until_it_expires_or_is_revoked() {
        let body = json!({"name": "CI", "scopes": ["audit:read"], "expiresAt": "1970-01-01T00:01:00Z"});
        let key = draft(&body).unwrap().create(creator(), at(0)).unwrap();
        assert!(key.is_live(at(59_999)) && !key.is_live(at(60_000)));
        let revoked = ApiKey { revoked_at: Some(at(1)), ..key.clone() };
        assert!(!revoked.is_live(at(2)));
        assert!(key.allows(Scope::AuditRead) && !key.allows(Scope::ResourcesRead));
        assert!(key.prefix().starts_with("pst_") && key.prefix().len() == 26);
        assert!(draft(&body).unwrap().create(creator(), at(60_000)).is_err());
    }

    #[test]
    fn a_use_is_recorded_once_a_minute() {
        let body = json!({"name": "CI", "scopes": ["audit:read"]});
        let key = draft(&body).unwrap().create(creator(), at(0)).unwrap();
        for (last, now, is_due) in
            [(None, 0, true), (Some(0), 0, false), (Some(0), 59_999, false), (Some(0), 60_000, true)]
        {
            let key = ApiKey { last_used_at: last.map(at), ..key.clone() };
            assert_eq!(key.is_use_due(at(now)), is_due, "{last:?} {now}");
        }
    }

    #[test]
    fn descriptions_may_have_1024_characters() {
        let described = |length| {
            draft(&json!({"name": "CI", "scopes": ["audit:read"], "description": "é".repeat(length)}))
        };
        let key = described(1024).unwrap().create(creator(), at(0)).unwrap();
        assert_eq!(key.description.map(|text| text.chars().count()), Some(1024));
        assert_eq!(described(1025).unwrap_err(), ["description must have at most 1024 characters"]);
    }

    #[test]
    fn drafts_are_checked() {
        let scopes =
            "scopes must list at least one of sessions:read, sessions:write, resources:read, audit:read";
        let time = "expiresAt must be a time, such as 2026-02-18T10:30:00Z";
        for (body, sentences) in [
            (json!({}), vec!["name is required", "scopes is required"]),
            (json!({"name": "CI", "scopes": []}), vec![scopes]),
            (json!({"name": "CI", "scopes": ["all"]}), vec![scopes]),
            (json!({"name": "CI", "scopes": "audit:read"}), vec![scopes]),
            (json!({"name": "CI", "scopes": [1]}), vec![scopes]),
            (json!({"name": "CI", "scopes": ["audit:read"], "expiresAt": "soon"}), vec![time]),
            (
                json!({"name": "CI", "scopes": ["audit:read"], "expiresAt": 5}),
                vec!["expiresAt must be a string"],
            ),
            (json!({"name": "CI", "scopes": ["audit:read"], "x": 1}), vec!["Unknown field: x"]),
        ] {
            assert_eq!(draft(&body).unwrap_err(), sentences, "{body}");
        }
        let body = json!({"name": "CI", "scopes": ["audit:read", "sessions:read", "audit:read"], "description": null});
        let key = draft(&body).unwrap().create(creator(), at(0)).unwrap();
        assert_eq!(key.scopes, [Scope::SessionsRead, Scope::AuditRead]);
        assert_eq!((key.expires_at, key.description), (None, None));
    }
}
