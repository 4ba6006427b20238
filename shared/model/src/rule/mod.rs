//! The ledger's entries: each is an ingress rule that Postern wants, has, or must still remove.
//!
//! ```text
//! WANTED -> APPLIED -> UNWANTED -> gone, and the entry with it
//! ```
//!
//! An entry exists from before its rule is asked for until after it is known to be gone. Its state is not stored: it
//! follows from who holds the rule and from what is known of the rule's presence.

mod backoff;
mod holder;
mod listing;
mod resolution;

pub use backoff::{PROBE_SECONDS, STUCK_AFTER, pause_seconds};
pub use holder::Holder;
pub use listing::RuleFilter;
pub use resolution::Resolution;

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use crate::account::AccountId;
use crate::id::{CredentialId, ResourceId, RuleId};
use crate::ingress::{GroupRef, Ingress};
use crate::time::Timestamp;

/// What is said to those who want a rule that as many rows hold or leave as its entry has room for.
pub const RULE_IS_FULL: &str =
    "Too many sessions hold the same rule, or wait for its removal: try again when some have ended";

/// What is known of a rule in the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Presence {
    /// It is not there, and nobody has been asked for it since.
    Absent,
    /// It was asked for, or its removal was, and no look has shown the result.
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
}

/// What an entry needs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The rule is to be applied.
    Apply,
    /// The rule is to be removed.
    Remove,
    /// Sessions stand on a rule of another organization or deployment, which may be removed at any time: somebody is to look whether it
    /// is still there.
    Look,
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
    /// The credential with which it was asked for: that of the resource for which it was wanted first, unless another one made it.
    pub credential_id: CredentialId,
    /// The resource that has it.
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
    /// The account in which it was applied, where that was recorded. Another account's answers prove nothing about it.
    pub account: Option<AccountId>,
    /// Until then a call that was sent may still take effect, or may not be visible yet. A look that does not show the rule proves
    /// its absence only afterwards.
    pub unsettled_until: Option<Timestamp>,
    /// Whether the removal of `provider_rule_id` was asked for. A look that shows this id may be older than the removal.
    pub is_removal_sent: bool,
    /// Whether the rule that is there belongs to another organization or deployment of Postern, which may remove it at any time.
    pub may_vanish: bool,
    /// The last of the other rows' credentials that was tried, where more of them are to be tried.
    pub asked_up_to: Option<CredentialId>,
    /// The generation at which the last attempt failed.
    pub failed_generation: Option<u64>,
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
            (true, Presence::Foreign) if self.may_vanish => Need::Look,
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

    /// Whether a call that was sent may still take effect, or may not be visible yet.
    #[must_use]
    pub fn is_unsettled(&self, now: Timestamp) -> bool {
        self.unsettled_until.is_some_and(|until| now < until)
    }

    /// Whether a rule with this provider's id is or was this one: also when somebody has taken its tag off.
    #[must_use]
    pub fn is_known_as(&self, id: &str) -> bool {
        matches!(self.presence, Presence::Present | Presence::Unknown)
            && self.provider_rule_id.as_deref() == Some(id)
    }

    /// Whether the pause after the last failure is over. It ends at once when somebody joins or leaves: what failed before says little
    /// about what is needed then.
    #[must_use]
    pub fn may_be_tried(&self, now: Timestamp) -> bool {
        let has_changed = self.failed_generation.is_some_and(|failed| failed != self.generation);
        self.attempts == 0 || has_changed || self.due_at.is_none_or(|due| due <= now)
    }

    /// Whether somebody should look at this moment whether somebody else's rule is still there: its time has come, or rows are to be told.
    #[must_use]
    pub fn may_be_looked_at(&self, now: Timestamp) -> bool {
        let waits = !self.fresh.is_empty() || !self.leaving.is_empty();
        self.due_at.is_none_or(|due| due <= now) || (waits && self.may_be_tried(now))
    }
}
