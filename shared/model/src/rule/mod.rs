//! The ledger's entries: each is an ingress rule that Postern wants, has, or must still remove.
//!
//! ```text
//! WANTED -> APPLIED -> UNWANTED -> gone, and the entry with it
//! ```
//!
//! An entry exists from before its rule is asked for until after it is known to be gone. Its state is not stored: it
//! follows from who holds the rule and from what is known of the rule's presence.

mod holder;
mod ladder;
mod resolution;

pub use holder::Holder;
pub use ladder::{PROBE_SECONDS, STUCK_AFTER, pause_seconds};
pub use resolution::Resolution;

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use crate::id::{CredentialId, ResourceId, RuleId};
use crate::ingress::{GroupRef, Ingress};
use crate::time::Timestamp;

/// What is known of a rule in the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Presence {
    /// It is not there, and nobody has been asked for it since.
    Absent,
    /// It was asked for, or its removal was, and nothing is known.
    Unknown,
    /// It is there, and is ours.
    Present,
    /// There is one like it, which was there before ours. It is never removed.
    Foreign,
}

/// The state of an entry. The spelling is the API's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RuleState {
    /// Sessions hold it, and it is still to be applied.
    Wanted,
    /// Sessions hold it, and it is there.
    Applied,
    /// Nobody holds it any more, and it is still to be removed.
    Unwanted,
    /// It is still to be removed, and the provider refuses, or has not answered for long.
    Stuck,
    /// Its entry cannot be read: nobody can say how it stands.
    Unreadable,
}

impl RuleState {
    /// Every state, for the error that lists them.
    pub const ALL: [Self; 5] = [Self::Wanted, Self::Applied, Self::Unwanted, Self::Stuck, Self::Unreadable];

    /// The API's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wanted => "WANTED",
            Self::Applied => "APPLIED",
            Self::Unwanted => "UNWANTED",
            Self::Stuck => "STUCK",
            Self::Unreadable => "UNREADABLE",
        }
    }

    /// Reads the API's spelling, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str().eq_ignore_ascii_case(text))
    }
}

/// What an entry needs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The rule is to be applied.
    Apply,
    /// The rule is to be removed.
    Remove,
    /// Rows are to be told how it stands.
    Tell,
    /// Nothing is left: the entry can go.
    Forget,
    /// Nothing.
    Nothing,
}

/// An entry of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Identifier; also the rule's mark in the cloud. A rule that is wanted again after it was gone is another entry.
    pub id: RuleId,
    /// Where.
    pub group: GroupRef,
    /// What.
    pub ingress: Ingress,
    /// The credential of the resource for which it was wanted first.
    pub credential_id: CredentialId,
    /// That resource.
    pub resource_id: ResourceId,
    /// The session rows that hold it.
    pub holders: BTreeSet<Holder>,
    /// Those holders that were not told yet that it is there.
    pub fresh: BTreeSet<Holder>,
    /// The rows that gave it up and were not told yet that it is gone.
    pub leaving: BTreeSet<Holder>,
    /// What is known of it.
    pub presence: Presence,
    /// The provider's id.
    pub provider_rule_id: Option<String>,
    /// Attempts that failed since the last one that did not.
    pub attempts: u32,
    /// What the provider said last, while it said no.
    pub last_error: Option<String>,
    /// Whether the provider refused, rather than gave no answer.
    pub is_refused: bool,
    /// When it is looked after next, unless somebody does it before.
    pub due_at: Option<Timestamp>,
    /// Number of changes of who holds it.
    pub generation: u64,
    /// Number of findings on its presence.
    pub revision: u64,
    /// When it was wanted first.
    pub created_at: Timestamp,
}

impl Rule {
    /// Whether sessions hold it.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        !self.holders.is_empty()
    }

    /// What it needs.
    #[must_use]
    pub fn need(&self) -> Need {
        match (self.is_wanted(), self.presence) {
            (true, Presence::Absent | Presence::Unknown) => Need::Apply,
            (true, Presence::Present | Presence::Foreign)
                if self.fresh.is_empty() && self.leaving.is_empty() =>
            {
                Need::Nothing
            }
            (true, Presence::Present | Presence::Foreign) => Need::Tell,
            (false, Presence::Present | Presence::Unknown) => Need::Remove,
            (false, Presence::Absent | Presence::Foreign) if self.leaving.is_empty() => Need::Forget,
            (false, Presence::Absent | Presence::Foreign) => Need::Tell,
        }
    }

    /// Its state.
    #[must_use]
    pub fn state(&self) -> RuleState {
        match (self.is_wanted(), self.presence) {
            (true, Presence::Absent | Presence::Unknown) => RuleState::Wanted,
            (true, Presence::Present | Presence::Foreign) => RuleState::Applied,
            (false, _) if self.is_refused || self.attempts >= STUCK_AFTER => RuleState::Stuck,
            (false, _) => RuleState::Unwanted,
        }
    }

    /// Whether the pause after the last failure is over.
    #[must_use]
    pub fn may_be_tried(&self, now: Timestamp) -> bool {
        self.attempts == 0 || self.due_at.is_none_or(|due| due <= now)
    }
}
