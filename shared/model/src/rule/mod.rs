//! Rules: each is an ingress rule that Postern wants, has, or must still remove.
//!
//! ```text
//! WANTED -> APPLIED -> UNWANTED -> gone, and the entry with it
//! ```
//!
//! An entry exists from before the first call for its rule until the rule is known to be gone. Its state is not stored: it follows from
//! the holders and from the last finding.

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

/// The error of rows that want a full rule.
pub const RULE_IS_FULL: &str =
    "Too many sessions hold the same rule, or wait for its removal: try again when some have ended";

/// What is known of a rule in the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Presence {
    /// It does not exist, and no call has asked for it since.
    Absent,
    /// It was requested, or its removal was, and no description has shown the result.
    Unknown,
    /// It exists and is ours.
    Present,
    /// An equal rule existed before ours. It is never removed.
    Foreign,
}

/// The state of an entry. The spelling is the API's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RuleState {
    /// Sessions hold it, and it must still be applied.
    Wanted,
    /// Sessions hold it, and it exists.
    Applied,
    /// No session holds it, and it must still be removed.
    Unwanted,
    /// It must still be removed, and the provider refuses or has not answered for long.
    Stuck,
    /// Its entry is unreadable, so its state is unknown.
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
    /// The rule must be applied.
    Apply,
    /// The rule must be removed.
    Remove,
    /// Sessions rely on a rule of another organization or deployment, which may remove it at any time. A worker must check that it
    /// exists.
    Look,
    /// Rows must be told its state.
    Tell,
    /// The entry can be deleted.
    Forget,
    /// Nothing.
    Nothing,
}

/// An entry of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The id, which is also part of the rule's mark in the cloud. After its removal, an equal rule is another entry.
    pub id: RuleId,
    /// Where.
    pub group: GroupRef,
    /// What.
    pub ingress: Ingress,
    /// The credential for calls about it: that of the resource whose row joined first, unless another one made it.
    pub credential_id: CredentialId,
    /// The resource that has it.
    pub resource_id: ResourceId,
    /// The session rows that hold it.
    pub holders: BTreeSet<Holder>,
    /// Holders that were not told yet that it exists.
    pub fresh: BTreeSet<Holder>,
    /// Rows that gave it up and were not told yet that it is gone.
    pub leaving: BTreeSet<Holder>,
    /// Whether it is in the cloud.
    pub presence: Presence,
    /// The provider's id.
    pub provider_rule_id: Option<String>,
    /// Failed attempts since the last successful one.
    pub attempts: u32,
    /// The provider's last error, while it refuses.
    pub last_error: Option<String>,
    /// Whether the provider refused. Otherwise it gave no answer.
    pub is_refused: bool,
    /// The account in which it was applied, if that was recorded. Another account's answers prove nothing about it.
    pub account: Option<AccountId>,
    /// Until this time, the last call may still take effect or become visible. A description without the rule proves its absence only
    /// afterwards.
    pub unsettled_until: Option<Timestamp>,
    /// Whether the removal of `provider_rule_id` was requested. A description with this id may be older than the removal.
    pub is_removal_sent: bool,
    /// Whether the existing rule belongs to another organization or deployment of Postern, which may remove it at any time.
    pub may_vanish: bool,
    /// The last of the other rows' credentials that was tried, if others are left.
    pub asked_up_to: Option<CredentialId>,
    /// The generation at which the last attempt failed.
    pub failed_generation: Option<u64>,
    /// When the sweeper visits it, unless another worker does so before.
    pub due_at: Option<Timestamp>,
    /// Number of changes of who holds it.
    pub generation: u64,
    /// Number of findings on its presence.
    pub revision: u64,
    /// When its first row joined.
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

    /// Whether the last call may still take effect or become visible.
    #[must_use]
    pub fn is_unsettled(&self, now: Timestamp) -> bool {
        self.unsettled_until.is_some_and(|until| now < until)
    }

    /// Whether a rule with this provider's id is or was this one, also without its tag.
    #[must_use]
    pub fn is_known_as(&self, id: &str) -> bool {
        matches!(self.presence, Presence::Present | Presence::Unknown)
            && self.provider_rule_id.as_deref() == Some(id)
    }

    /// Whether the pause after the last failure is over. It ends at once when rows join or leave, because the failure says little about
    /// the new need.
    #[must_use]
    pub fn may_be_tried(&self, now: Timestamp) -> bool {
        let has_changed = self.failed_generation.is_some_and(|failed| failed != self.generation);
        self.attempts == 0 || has_changed || self.due_at.is_none_or(|due| due <= now)
    }

    /// Whether a worker should check now that another owner's rule exists: it is due, or rows must be told.
    #[must_use]
    pub fn may_be_looked_at(&self, now: Timestamp) -> bool {
        let waits = !self.fresh.is_empty() || !self.leaving.is_empty();
        self.due_at.is_none_or(|due| due <= now) || (waits && self.may_be_tried(now))
    }
}
