//! A session's rows: one for each resource and address, with a claim on each rule that lets the address in.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;

use crate::id::{ResourceId, SessionRowId};
use crate::ingress::{GroupRef, Ingress, Opening};
use crate::text;
use crate::time::Timestamp;

/// The state of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClaimState {
    /// The rule must be applied, and is not known to exist.
    Pending,
    /// The rule exists.
    Applied,
    /// The rule was refused, and does not exist.
    Failed,
    /// The claim was given up, and the rule may still exist.
    Removing,
    /// The claim is over. The rule is gone, or other sessions hold it.
    Removed,
}

/// A row's claim on one rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// What the rule opens, for the row's address.
    pub opening: Opening,
    /// Its state.
    pub state: ClaimState,
    /// The provider's id of the rule.
    pub provider_rule_id: Option<String>,
    /// When the rule was seen to exist, in milliseconds since 1970.
    pub applied_at: Option<i64>,
    /// When the rule was seen to be gone, in milliseconds since 1970.
    pub removed_at: Option<i64>,
    /// The provider's last error, while it refuses.
    pub error: Option<String>,
}

impl Claim {
    /// A new claim.
    #[must_use]
    pub fn pending(opening: Opening) -> Self {
        Self {
            opening,
            state: ClaimState::Pending,
            provider_rule_id: None,
            applied_at: None,
            removed_at: None,
            error: None,
        }
    }

    fn is_settled(&self) -> bool {
        matches!(self.state, ClaimState::Failed | ClaimState::Removed)
    }
}

/// The state of a row. The spelling is the API's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RowStatus {
    /// Some rule must still be applied.
    Pending,
    /// A rule is applied, and none is pending.
    Applied,
    /// Every rule was refused.
    Failed,
    /// Some rule must still be removed.
    Removing,
    /// The row's rules are gone, or are other sessions'.
    Removed,
}

/// What happened to a rule, for the rows that have a claim on it.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleEvent {
    /// It exists, with this id of the provider.
    Applied(Option<String>),
    /// It was refused for this reason, and does not exist.
    Refused(String),
    /// The row's claim is over: the rule is gone, or others hold it. There may be a note.
    Removed(Option<String>),
    /// It failed for this reason, and is tried again.
    Delayed(String),
}

/// A session's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionRow {
    /// Identifier.
    pub id: SessionRowId,
    /// The resource that it opens.
    pub resource_id: ResourceId,
    /// The resource's name at the start.
    pub resource_name: String,
    /// The group of its rules. It is a copy, so that a change of the resource does not lose them.
    pub group: GroupRef,
    /// The address that is let in.
    pub address: IpAddr,
    /// Its rules.
    pub claims: Vec<Claim>,
    /// Why it has no rules.
    pub error: Option<String>,
    /// The shard that counts the row; `None` if the resource's own item does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<u16>,
}

impl SessionRow {
    /// The state, which follows from the claims.
    #[must_use]
    pub fn status(&self) -> RowStatus {
        let has = |state| self.claims.iter().any(|claim| claim.state == state);
        if has(ClaimState::Pending) {
            RowStatus::Pending
        } else if has(ClaimState::Removing) {
            RowStatus::Removing
        } else if has(ClaimState::Applied) {
            RowStatus::Applied
        } else if has(ClaimState::Removed) {
            RowStatus::Removed
        } else {
            RowStatus::Failed
        }
    }

    /// Whether no rule of it can exist any more. Until then it blocks its resource's deletion.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.claims.iter().all(Claim::is_settled)
    }

    /// Whether some rule of it was refused.
    #[must_use]
    pub fn has_failure(&self) -> bool {
        self.claims.is_empty() || self.claims.iter().any(|claim| claim.state == ClaimState::Failed)
    }

    /// The rule of a claim.
    #[must_use]
    pub fn ingress(&self, claim: &Claim) -> Ingress {
        Ingress { address: self.address, opening: claim.opening }
    }

    /// The rules on which the row has a claim that is not settled.
    pub fn live(&self) -> impl Iterator<Item = Ingress> {
        self.claims.iter().filter(|claim| !claim.is_settled()).map(|claim| self.ingress(claim))
    }

    /// The rules that the row holds: those that it has not given up.
    pub fn held(&self) -> impl Iterator<Item = Ingress> {
        let held = |claim: &&Claim| matches!(claim.state, ClaimState::Pending | ClaimState::Applied);
        self.claims.iter().filter(held).map(|claim| self.ingress(claim))
    }

    /// The provider's id of the first rule that has one.
    #[must_use]
    pub fn provider_rule_id(&self) -> Option<&str> {
        self.claims.iter().find_map(|claim| claim.provider_rule_id.as_deref())
    }

    /// When its last rule was seen to exist.
    #[must_use]
    pub fn applied_at(&self) -> Option<Timestamp> {
        let latest = self.claims.iter().filter_map(|claim| claim.applied_at).max()?;
        Timestamp::from_unix_millis(latest).ok()
    }

    /// When its last rule was seen to be gone; `None` until all are.
    #[must_use]
    pub fn removed_at(&self) -> Option<Timestamp> {
        let latest = self.claims.iter().filter_map(|claim| claim.removed_at).max()?;
        self.is_settled().then(|| Timestamp::from_unix_millis(latest).ok()).flatten()
    }

    /// What went wrong, in the order of the claims.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref().or_else(|| self.claims.iter().find_map(|claim| claim.error.as_deref()))
    }

    /// Forgets the messages of the claims, except for the one that [`SessionRow::error`] shows. For an item without room.
    pub fn keep_one_error(&mut self) {
        let shown = self.claims.iter().position(|claim| claim.error.is_some());
        for (place, claim) in self.claims.iter_mut().enumerate() {
            let kept = claim.error.take().filter(|_| shown == Some(place));
            claim.error = kept.as_deref().map(text::said);
        }
    }

    /// Forgets all messages of the claims.
    pub fn forget_errors(&mut self) {
        for claim in &mut self.claims {
            claim.error = None;
        }
    }

    /// Forgets the provider's ids of its rules. They are only shown here; the ledger has its own.
    pub fn forget_provider_rule_ids(&mut self) {
        for claim in &mut self.claims {
            claim.provider_rule_id = None;
        }
    }

    /// Gives up every claim that is not settled.
    pub fn give_up(&mut self) {
        for claim in self.claims.iter_mut().filter(|claim| !claim.is_settled()) {
            claim.state = ClaimState::Removing;
        }
    }

    /// Settles every claim of a row whose rules were never asked for.
    pub fn settle_unasked(&mut self, now: Timestamp) {
        for claim in self.claims.iter_mut().filter(|claim| !claim.is_settled()) {
            claim.state = ClaimState::Removed;
            claim.removed_at = Some(now.unix_millis());
        }
    }

    /// Applies a rule event, and returns whether the row changed. A late event has no effect: a removed rule stays removed.
    pub fn apply(&mut self, opening: &Opening, event: &RuleEvent, now: Timestamp) -> bool {
        let Some(claim) = self.claims.iter_mut().find(|claim| claim.opening == *opening) else {
            return false;
        };
        let before = claim.clone();
        match (claim.state, event) {
            (ClaimState::Pending, RuleEvent::Applied(id)) => {
                claim.state = ClaimState::Applied;
                claim.provider_rule_id.clone_from(id);
                claim.applied_at = Some(now.unix_millis());
                claim.error = None;
            }
            (ClaimState::Applied, RuleEvent::Applied(id)) => {
                claim.provider_rule_id.clone_from(id);
                claim.error = None;
            }
            (ClaimState::Pending | ClaimState::Applied, RuleEvent::Refused(why)) => {
                claim.state = ClaimState::Failed;
                claim.error = Some(text::said(why));
            }
            (ClaimState::Removing, RuleEvent::Removed(note)) => {
                claim.state = ClaimState::Removed;
                claim.removed_at = Some(now.unix_millis());
                claim.error = note.as_deref().map(text::said);
            }
            (ClaimState::Pending | ClaimState::Applied | ClaimState::Removing, RuleEvent::Delayed(why)) => {
                claim.error = Some(text::said(why));
            }
            (ClaimState::Removing | ClaimState::Failed | ClaimState::Removed, _)
            | (ClaimState::Pending | ClaimState::Applied, RuleEvent::Removed(_)) => {}
        }
        *claim != before
    }
}
