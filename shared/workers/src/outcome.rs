//! What the cloud's answer means for a rule of the ledger.

use model::account::AccountId;
use model::rule::{Need, PROBE_SECONDS, Presence, Rule, RuleState, pause_seconds};
use model::session::News;
use model::time::Timestamp;
use std::collections::BTreeSet;
use store::{Finding, Message};

/// Seconds after which the sweeper sees to a rule whose rows could not be told.
const GRACE_SECONDS: i64 = 45;

/// Longest pause of a rule whose account is left alone, in seconds: its account may be back any minute.
const LEFT_ALONE_SECONDS: i64 = 300;

/// How an attempt at a rule came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is there, and is ours.
    Applied(String),
    /// There is one like it that is not ours.
    Foreign(String),
    /// It is not there, and no call is under way that could still make it.
    Gone,
    /// The provider refuses, for this reason.
    Refused(String),
    /// It did not succeed yet, for this reason.
    Delayed(String),
    /// It was not tried, because its account is left alone.
    LeftAlone(String),
}

/// An outcome, with what was learnt beside it.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) outcome: Outcome,
    /// The account that answered, where it is known.
    pub(crate) account: Option<AccountId>,
    /// Until when a call of this attempt or of an earlier one may still take effect.
    pub(crate) unsettled_until: Option<Timestamp>,
}

impl Attempt {
    /// What is to be recorded.
    pub(crate) fn finding(&self, rule: &Rule, now: Timestamp) -> Finding {
        let soon = now.plus_seconds(GRACE_SECONDS);
        let unsettled_until = self.unsettled_until.filter(|until| now < *until);
        let known = |due_at| Finding { unsettled_until, ..Finding::of(rule, due_at) };
        let settled = |presence, id: Option<&String>| Finding {
            presence,
            provider_rule_id: id.cloned(),
            attempts: 0,
            last_error: None,
            is_refused: false,
            is_removal_sent: false,
            failed_generation: None,
            ..known(soon)
        };
        match &self.outcome {
            Outcome::Applied(id) => {
                Finding { account: rule.account.or(self.account), ..settled(Presence::Present, Some(id)) }
            }
            Outcome::Foreign(id) => settled(Presence::Foreign, Some(id)),
            Outcome::Gone => {
                // A look at the next entry's time may still show the id whose removal was asked for.
                let is_removal_sent = rule.is_removal_sent;
                let gone = settled(Presence::Absent, rule.provider_rule_id.as_ref());
                Finding { account: None, is_removal_sent, ..gone }
            }
            Outcome::Refused(why) => {
                let is_removal = rule.need() == Need::Remove;
                // A rule that could not be removed may be removed by somebody else, and an earlier call may still make one that was
                // refused: a look decides before anybody relies on it.
                let is_certain = !is_removal && unsettled_until.is_none();
                Finding {
                    presence: if is_certain { Presence::Absent } else { Presence::Unknown },
                    attempts: rule.attempts.saturating_add(1),
                    last_error: Some(why.clone()),
                    is_refused: is_removal,
                    failed_generation: Some(rule.generation),
                    ..known(now.plus_seconds(if is_removal { PROBE_SECONDS } else { GRACE_SECONDS }))
                }
            }
            Outcome::Delayed(why) | Outcome::LeftAlone(why) => {
                let attempts = rule.attempts.saturating_add(1);
                let is_tried = matches!(self.outcome, Outcome::Delayed(_));
                let longest = if is_tried { i64::MAX } else { LEFT_ALONE_SECONDS };
                let pause = now.plus_seconds(pause_seconds(rule.id, attempts).min(longest));
                // As soon as nothing is under way any more, a look tells.
                let due_at = unsettled_until.map_or(pause, |until| pause.min(until));
                let presence = if rule.need() == Need::Remove { Presence::Unknown } else { rule.presence };
                Finding {
                    presence,
                    attempts,
                    last_error: Some(why.clone()),
                    failed_generation: Some(rule.generation),
                    ..known(due_at)
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
        match &self.outcome {
            // Rows that know an older id, or that were told of a delay, are told how the rule stands by now.
            Outcome::Applied(id) | Outcome::Foreign(id)
                if before.provider_rule_id.as_ref() != Some(id) || before.last_error.is_some() =>
            {
                let applied = News::Applied(Some(id.clone()));
                vec![to(&after.holders, applied), to(&after.leaving, News::Removed(None))]
            }
            Outcome::Applied(_) | Outcome::Foreign(_) | Outcome::Gone => standing(after),
            Outcome::Refused(why) if before.need() == Need::Apply => {
                vec![to(&after.holders, News::Refused(why.clone())), to(&after.leaving, News::Removed(None))]
            }
            Outcome::Refused(why) | Outcome::Delayed(why) | Outcome::LeftAlone(why)
                if before.last_error.as_ref() != Some(why) =>
            {
                let concerned = if before.is_wanted() { &after.holders } else { &after.leaving };
                vec![to(concerned, News::Delayed(why.clone()))]
            }
            Outcome::Refused(_) | Outcome::Delayed(_) | Outcome::LeftAlone(_) => Vec::new(),
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
