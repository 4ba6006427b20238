//! The state of a session. [`Session::status`](crate::session::Session::status) computes it.

use serde::{Deserialize, Serialize};

/// The state of a session. The spelling is the API's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SessionStatus {
    /// Some rule is still to be applied.
    Pending,
    /// All rules are applied.
    Active,
    /// Some rules are applied, others were refused.
    Partial,
    /// All rules were refused. The session is over.
    Failed,
    /// The session is over, and some rule is still to be removed.
    Expiring,
    /// Its time was over, and its rules are gone.
    Expired,
    /// It was stopped, and its rules are gone.
    Cancelled,
    /// Its item, or some of its rows, cannot be read: nobody can say how it stands.
    Unreadable,
}

impl SessionStatus {
    /// Every state, for the error that lists them.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Active,
        Self::Partial,
        Self::Failed,
        Self::Expiring,
        Self::Expired,
        Self::Cancelled,
        Self::Unreadable,
    ];

    /// The API's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Active => "ACTIVE",
            Self::Partial => "PARTIAL",
            Self::Failed => "FAILED",
            Self::Expiring => "EXPIRING",
            Self::Expired => "EXPIRED",
            Self::Cancelled => "CANCELLED",
            Self::Unreadable => "UNREADABLE",
        }
    }

    /// Whether a session in this state can be stopped.
    #[must_use]
    pub fn is_stoppable(self) -> bool {
        matches!(self, Self::Pending | Self::Active | Self::Partial)
    }

    /// Whether a session in this state can be extended.
    #[must_use]
    pub fn is_extensible(self) -> bool {
        matches!(self, Self::Active | Self::Partial)
    }
}
