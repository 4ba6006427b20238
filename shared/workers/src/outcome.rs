//! What the cloud's answer means for a rule of the ledger.

use model::rule::{Need, PROBE_SECONDS, Presence, Rule, RuleState, pause_seconds};
use model::session::News;
use model::time::Timestamp;
use std::collections::BTreeSet;
use store::{Finding, Message};

/// Seconds after which the sweeper sees to a rule whose rows could not be told.
const GRACE_SECONDS: i64 = 45;

/// How an attempt at a rule came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is there, and is ours.
    Applied(String),
    /// There is one like it that is not ours.
    Foreign(String),
    /// It is not there.
    Gone,
    /// The provider refuses, for this reason. Whether the rule is there is known by now, or was never in question.
    Refused(String),
    /// It did not succeed yet, for this reason.
    Delayed(String),
}

impl Outcome {
    /// What is to be recorded.
    pub(crate) fn finding(&self, rule: &Rule, now: Timestamp) -> Finding {
        let soon = now.plus_seconds(GRACE_SECONDS);
        let settled = |presence, id: Option<&String>| Finding {
            presence,
            provider_rule_id: id.cloned(),
            attempts: 0,
            last_error: None,
            is_refused: false,
            due_at: soon,
        };
        match self {
            Self::Applied(id) => settled(Presence::Present, Some(id)),
            Self::Foreign(id) => settled(Presence::Foreign, Some(id)),
            Self::Gone => settled(Presence::Absent, rule.provider_rule_id.as_ref()),
            Self::Refused(why) => {
                let is_removal = rule.need() == Need::Remove;
                let pause = if is_removal { PROBE_SECONDS } else { GRACE_SECONDS };
                Finding {
                    presence: if is_removal { rule.presence } else { Presence::Absent },
                    attempts: rule.attempts.saturating_add(1),
                    last_error: Some(why.clone()),
                    is_refused: is_removal,
                    ..Finding::of(rule, now.plus_seconds(pause))
                }
            }
            Self::Delayed(why) => {
                let attempts = rule.attempts.saturating_add(1);
                let pause = pause_seconds(rule.id, attempts);
                Finding {
                    attempts,
                    last_error: Some(why.clone()),
                    ..Finding::of(rule, now.plus_seconds(pause))
                }
            }
        }
    }

    /// Whether somebody should hear of it: a rule that cannot be removed has become stuck.
    pub(crate) fn is_newly_stuck(before: &Rule, after: &Rule) -> bool {
        before.state() != RuleState::Stuck && after.state() == RuleState::Stuck
    }

    /// What rows are told. `before` is the rule before the attempt, `after` as it was recorded.
    pub(crate) fn messages(&self, before: &Rule, after: &Rule) -> Vec<Message> {
        let to =
            |holders: &BTreeSet<_>, news| Message { rule: after.clone(), holders: holders.clone(), news };
        match self {
            // Made again, it has another id, which those who know the old one are told as well.
            Self::Applied(id) | Self::Foreign(id)
                if before.provider_rule_id.as_ref().is_some_and(|old| old != id) =>
            {
                let applied = News::Applied(Some(id.clone()));
                vec![to(&after.holders, applied), to(&after.leaving, News::Removed(None))]
            }
            Self::Applied(_) | Self::Foreign(_) | Self::Gone => standing(after),
            Self::Refused(why) if before.need() == Need::Apply => {
                vec![to(&after.holders, News::Refused(why.clone())), to(&after.leaving, News::Removed(None))]
            }
            Self::Refused(why) | Self::Delayed(why) if before.last_error.as_ref() != Some(why) => {
                let concerned = if before.is_wanted() { &after.fresh } else { &after.leaving };
                vec![to(concerned, News::Delayed(why.clone()))]
            }
            Self::Refused(_) | Self::Delayed(_) => Vec::new(),
        }
    }
}

/// What rows are told of a rule that is as it should be.
pub(crate) fn standing(rule: &Rule) -> Vec<Message> {
    let to = |holders: &BTreeSet<_>, news| Message { rule: rule.clone(), holders: holders.clone(), news };
    match (rule.is_wanted(), rule.presence) {
        (true, Presence::Present | Presence::Foreign) => {
            let applied = News::Applied(rule.provider_rule_id.clone());
            vec![to(&rule.fresh, applied), to(&rule.leaving, News::Removed(None))]
        }
        (false, Presence::Absent | Presence::Foreign) => vec![to(&rule.leaving, News::Removed(None))],
        (true, Presence::Absent | Presence::Unknown) | (false, Presence::Present | Presence::Unknown) => {
            Vec::new()
        }
    }
}
