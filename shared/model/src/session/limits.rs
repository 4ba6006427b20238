//! How long a session may last.

use crate::time::Timestamp;

/// The longest that a deployment can allow, in hours: a year of 366 days, as on roles.
pub const DURATION_HOURS_MAX: u32 = crate::role::SESSION_HOURS_MAX;

/// What a deployment sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Of a session whose request does not say how long, in minutes.
    pub default_minutes: u32,
    /// The deployment's own maximum, in minutes.
    pub max_minutes: u32,
}

impl Default for SessionLimits {
    /// An hour, and a day at most.
    fn default() -> Self {
        Self { default_minutes: 60, max_minutes: 24 * 60 }
    }
}

impl SessionLimits {
    /// The longest session of somebody with these limits on their roles, in minutes: the smallest of them and of the
    /// deployment's own. Roles without a limit do not count.
    #[must_use]
    pub fn longest(&self, role_hours: impl IntoIterator<Item = Option<u32>>) -> u32 {
        let roles = role_hours.into_iter().flatten().map(|hours| hours.saturating_mul(60));
        roles.fold(self.max_minutes, u32::min)
    }

    /// When a session that starts now has run for so long.
    #[must_use]
    pub fn end(now: Timestamp, minutes: u32) -> Timestamp {
        now.plus_seconds(i64::from(minutes) * 60)
    }
}

/// "90 minutes", "2 hours".
pub(super) fn in_words(minutes: u32) -> String {
    match (minutes, minutes % 60) {
        (60, _) => "1 hour".into(),
        (1, _) => "1 minute".into(),
        (minutes, 0) => format!("{} hours", minutes / 60),
        (minutes, _) => format!("{minutes} minutes"),
    }
}
