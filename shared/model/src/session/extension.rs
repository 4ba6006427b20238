//! The extension of a session.

use super::draft::duration;
use super::limits::in_words;
use super::{Session, SessionHead};
use crate::fields::{Fields, FromFields};
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::violation::Violations;

/// The members of `POST /sessions/{id}/extend`.
#[derive(Debug, Clone, Copy)]
pub struct Extension {
    name: &'static str,
    minutes: u32,
    /// The end that the caller expects.
    expected_expires_at: Option<Timestamp>,
}

impl FromFields for Extension {
    fn read(fields: &mut Fields) -> Option<Self> {
        let is_sent = fields.has("additionalMinutes");
        let more = duration(fields, "additionalHours", "additionalMinutes");
        if more.is_none() && !is_sent && !fields.is_refused("additionalHours") {
            fields.refuse("additionalHours", "additionalHours or additionalMinutes is required");
        }
        let expected_expires_at = expected_expires_at(fields);
        more.map(|(name, minutes)| Self { name, minutes, expected_expires_at })
    }
}

fn expected_expires_at(fields: &mut Fields) -> Option<Timestamp> {
    let name = "expectedExpiresAt";
    if fields.clears(name) {
        return None;
    }
    let time = Timestamp::parse(&fields.text(name)?).ok();
    if time.is_none() {
        fields.refuse(name, format!("{name} must be a time such as 2026-02-18T10:30:00Z"));
    }
    time
}

impl Extension {
    /// Checks that the session has the expected end and a state that allows an extension.
    ///
    /// # Errors
    /// `SessionEndsAt` if the caller expects another end, to the second; `SessionNotExtensible` if the state does not allow it, as after
    /// the end.
    pub fn check(&self, session: &Session, now: Timestamp) -> Result<(), Refusal> {
        let end = session.head.expires_at;
        if self.expected_expires_at.is_some_and(|expected| expected.unix_seconds() != end.unix_seconds()) {
            return Err(Refusal::SessionEndsAt(end));
        }
        let status = session.status(now);
        if status.is_extensible() { Ok(()) } else { Err(Refusal::SessionNotExtensible(status)) }
    }

    /// The head of the session with its new end.
    ///
    /// # Errors
    /// Those of [`Self::check`]; `Invalid` if the session would last longer, from its start, than `longest` minutes, the present limit,
    /// or than the limit at its start.
    pub fn apply(&self, session: &Session, longest: u32, now: Timestamp) -> Result<SessionHead, Refusal> {
        self.check(session, now)?;
        let head = &session.head;
        let longest = head.limit_minutes.map_or(longest, |limit| limit.min(longest));
        let expires_at = head.expires_at.plus_seconds(i64::from(self.minutes) * 60);
        let latest = head.started_at.plus_seconds(i64::from(longest) * 60);
        if expires_at > latest {
            let room = latest.unix_seconds().saturating_sub(head.expires_at.unix_seconds()) / 60;
            let room = match u32::try_from(room) {
                Ok(room @ 1..) => format!("it can be extended by at most {}", in_words(room)),
                Ok(0) | Err(_) => "it cannot be extended".into(),
            };
            let sentence =
                format!("The session must not be longer than {} in all: {room}", in_words(longest));
            return Err(Violations::one(self.name, sentence).into());
        }
        Ok(SessionHead { expires_at, ..head.clone() })
    }
}
