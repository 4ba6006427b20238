//! A longer session.

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
}

impl FromFields for Extension {
    fn read(fields: &mut Fields) -> Option<Self> {
        let is_sent = fields.has("additionalMinutes");
        let more = duration(fields, "additionalHours", "additionalMinutes");
        let more = if is_sent { more } else { fields.require("additionalHours", more) };
        more.map(|(name, minutes)| Self { name, minutes })
    }
}

impl Extension {
    /// The head of the session with its new end.
    ///
    /// # Errors
    /// `SessionNotExtensible` in a state that allows none, as from its end on; `Invalid` when the session would last longer from its start than
    /// `longest` minutes, which is the limit of now, or than the limit of then.
    pub fn apply(&self, session: &Session, longest: u32, now: Timestamp) -> Result<SessionHead, Refusal> {
        let status = session.status(now);
        if !status.is_extensible() {
            return Err(Refusal::SessionNotExtensible(status));
        }
        let head = &session.head;
        let longest = head.limit_minutes.map_or(longest, |limit| limit.min(longest));
        let expires_at = head.expires_at.plus_seconds(i64::from(self.minutes) * 60);
        if expires_at > head.started_at.plus_seconds(i64::from(longest) * 60) {
            let sentence = format!("The session must not be longer than {} in all", in_words(longest));
            return Err(Violations::one(self.name, sentence).into());
        }
        Ok(SessionHead { expires_at, ..head.clone() })
    }
}
