//! What a timer is, and where timers are set.

use futures_util::future::BoxFuture;
use model::id::{OrgId, SessionId};
use model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Longest delay of a message (Amazon SQS API Reference, "SendMessageBatchRequestEntry", `DelaySeconds`).
const DELAY_MAX_SECONDS: i64 = 900;

/// A session of an organization: what a message says, and all that it says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionRef {
    /// Whose.
    pub org: OrgId,
    /// Which.
    pub session: SessionId,
}

/// A message that is none of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    org: String,
    session_id: String,
}

impl SessionRef {
    /// The message's body.
    #[must_use]
    pub fn to_body(&self) -> String {
        serde_json::json!({"org": self.org, "sessionId": self.session}).to_string()
    }

    /// Reads a message's body.
    ///
    /// # Errors
    /// When it is none of ours.
    pub fn parse(body: &str) -> Result<Self, Unreadable> {
        let body: Body = serde_json::from_str(body).map_err(|_| Unreadable)?;
        let org = OrgId::parse(&body.org).map_err(|_| Unreadable)?;
        let session = SessionId::parse(&body.session_id).map_err(|_| Unreadable)?;
        Ok(Self { org, session })
    }
}

/// A session, and in how many seconds somebody is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// The session.
    pub of: SessionRef,
    /// Whole seconds from 1 to 900.
    pub delay_seconds: u16,
}

impl Timer {
    /// A timer for a point in time, rounded up to a second: a message that comes a moment too early would be for nothing.
    #[must_use]
    pub fn at(of: SessionRef, at: Timestamp, now: Timestamp) -> Self {
        let millis = at.unix_millis().saturating_sub(now.unix_millis());
        let seconds = millis.saturating_add(999).div_euclid(1000).clamp(1, DELAY_MAX_SECONDS);
        Self { of, delay_seconds: u16::try_from(seconds).unwrap_or(1) }
    }
}

/// Where timers are set.
pub trait SessionTimers: Send + Sync {
    /// Sets timers, and says how many of them are not set. Why so is in the log: whoever sets a timer has other ways.
    fn set<'a>(&'a self, timers: &'a [Timer]) -> BoxFuture<'a, usize>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> SessionRef {
        let session = SessionId::parse("019c7080-9f40-7000-8000-000000000001").unwrap();
        SessionRef { org: OrgId::parse("acme").unwrap(), session }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(millis).unwrap()
    }

    #[test]
    fn a_delay_is_rounded_up_to_whole_seconds_within_the_queues_bounds() {
        for (millis, seconds) in [
            (1, 1),
            (1000, 1),
            (1001, 2),
            (60_000, 60),
            (119_999, 120),
            (0, 1),
            (-5000, 1),
            (900_000, 900),
            (900_001, 900),
            (253_000_000_000_000, 900),
        ] {
            let timer = Timer::at(session(), at(millis), at(0));
            assert_eq!(timer.delay_seconds, seconds, "{millis}");
        }
    }

    #[test]
    fn a_message_names_the_session_and_nothing_else() {
        let body = session().to_body();
        assert_eq!(body, r#"{"org":"acme","sessionId":"019c7080-9f40-7000-8000-000000000001"}"#);
        assert_eq!(SessionRef::parse(&body), Ok(session()));
        let more = body.replace('}', r#","since":1}"#);
        assert_eq!(SessionRef::parse(&more), Ok(session()), "a later version may say more");
        for broken in ["", "{}", "[]", "null", r#"{"org":"acme"}"#] {
            assert_eq!(SessionRef::parse(broken), Err(Unreadable), "{broken}");
        }
        for (ours, theirs) in [("acme", "a#b"), ("acme", ""), ("019c7080", "019c708"), ("\"acme\"", "7")] {
            assert_eq!(SessionRef::parse(&body.replace(ours, theirs)), Err(Unreadable), "{theirs}");
        }
    }
}
