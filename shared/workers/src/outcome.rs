//! Outcomes: what the cloud's answers mean for a rule.

use model::account::AccountId;
use model::id::CredentialId;
use model::rule::{Need, PROBE_SECONDS, Presence, Rule, RuleState, STUCK_AFTER, pause_seconds};
use model::session::RuleEvent;
use model::time::Timestamp;
use std::collections::BTreeSet;
use store::{Finding, Notice};

/// Seconds after which the sweeper visits a rule whose rows could not be told.
const GRACE_SECONDS: i64 = 45;

/// Longest pause of a rule whose account is left alone, in seconds. The account may answer again at any minute.
const LEFT_ALONE_SECONDS: i64 = 300;

/// Why an attempt did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Why {
    /// For people.
    pub(crate) text: String,
    /// Whether the credential is the cause. Then another one may succeed.
    pub(crate) is_of_credential: bool,
}

impl Why {
    pub(crate) fn of_credential(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_of_credential: true }
    }
}

impl From<&str> for Why {
    fn from(text: &str) -> Self {
        Self { text: text.into(), is_of_credential: false }
    }
}

/// The outcome of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The rule exists and is ours.
    Applied(String),
    /// An equal rule exists that is not ours.
    Foreign {
        /// The provider's id.
        id: String,
        /// Whether it belongs to another organization or deployment of Postern.
        may_vanish: bool,
    },
    /// The rule does not exist, and no call can still make it.
    Gone,
    /// The provider refuses, for this reason.
    Refused(Why),
    /// It did not succeed yet, for this reason.
    Delayed(Why),
    /// It was not tried, because its account is left alone.
    LeftAlone(Why),
    /// For this reason, it is unknown whether the other owner's rule still exists.
    Unseen(Why),
}

impl Outcome {
    /// The same outcome, to be repeated.
    pub(crate) fn not_final(self) -> Self {
        if let Self::Refused(why) = self { Self::Delayed(why) } else { self }
    }
}

/// An outcome, with what else was learned.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) outcome: Outcome,
    /// The account that answered, if it is known.
    pub(crate) account: Option<AccountId>,
    /// Until when a call of this attempt or of an earlier one may still take effect.
    pub(crate) unsettled_until: Option<Timestamp>,
    /// The last of the other rows' credentials that was tried, if others are left.
    pub(crate) asked_up_to: Option<CredentialId>,
}

impl Attempt {
    /// An attempt without calls.
    pub(crate) fn without_calls(rule: &Rule, outcome: Outcome) -> Self {
        Self { outcome, account: None, unsettled_until: rule.unsettled_until, asked_up_to: None }
    }

    pub(crate) fn is_success(&self) -> bool {
        matches!(self.outcome, Outcome::Applied(_) | Outcome::Foreign { .. } | Outcome::Gone)
    }

    /// Whether another credential may succeed, before the rule is refused or stuck.
    pub(crate) fn may_be_helped(&self, rule: &Rule) -> bool {
        let is_stuck_next = rule.need() == Need::Remove && rule.attempts.saturating_add(1) >= STUCK_AFTER;
        match &self.outcome {
            Outcome::Refused(why) | Outcome::Unseen(why) => why.is_of_credential,
            Outcome::Delayed(why) => why.is_of_credential || is_stuck_next,
            Outcome::Applied(_) | Outcome::Foreign { .. } | Outcome::Gone | Outcome::LeftAlone(_) => false,
        }
    }

    /// The same outcome, to be repeated because the other credentials are unknown.
    pub(crate) fn not_final(self) -> Self {
        Self { outcome: self.outcome.not_final(), ..self }
    }

    /// The finding to record. Another owner's rule that may vanish is visited again after `looks_again_after` seconds.
    pub(crate) fn finding(&self, rule: &Rule, now: Timestamp, looks_again_after: i64) -> Finding {
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
            may_vanish: false,
            asked_up_to: None,
            failed_generation: None,
            ..known(soon)
        };
        match &self.outcome {
            Outcome::Applied(id) => {
                Finding { account: rule.account.or(self.account), ..settled(Presence::Present, Some(id)) }
            }
            Outcome::Foreign { id, may_vanish } => {
                let foreign = Finding { may_vanish: *may_vanish, ..settled(Presence::Foreign, Some(id)) };
                let due_at = if *may_vanish { now.plus_seconds(looks_again_after) } else { soon };
                Finding { due_at, ..foreign }
            }
            Outcome::Gone => {
                // A description in the time of the next entry may still show the removed id.
                let is_removal_sent = rule.is_removal_sent;
                let gone = settled(Presence::Absent, rule.provider_rule_id.as_ref());
                Finding { account: None, is_removal_sent, ..gone }
            }
            Outcome::Refused(why) => refused(rule, &why.text, &known(now), now),
            Outcome::Delayed(why) | Outcome::LeftAlone(why) => {
                let known = Finding { asked_up_to: self.asked_up_to, ..known(self.next_try(rule, now)) };
                waiting(rule, Finding { last_error: Some(why.text.clone()), ..known })
            }
            // It counts as existing until a description says otherwise.
            Outcome::Unseen(_) => {
                let known = Finding { asked_up_to: self.asked_up_to, ..known(self.next_try(rule, now)) };
                failed_once_more(rule, known)
            }
        }
    }

    /// When to repeat an attempt.
    fn next_try(&self, rule: &Rule, now: Timestamp) -> Timestamp {
        let is_left_alone = matches!(self.outcome, Outcome::LeftAlone(_));
        let longest = if is_left_alone { LEFT_ALONE_SECONDS } else { i64::MAX };
        let attempts = rule.attempts.saturating_add(1);
        let pause = now.plus_seconds(pause_seconds(rule.id, attempts).min(longest));
        // A description decides as soon as no call can take effect any more.
        let settled = self.unsettled_until.filter(|until| now < *until);
        settled.map_or(pause, |until| pause.min(until))
    }

    /// Whether a rule has become stuck, which people must learn.
    pub(crate) fn is_newly_stuck(before: &Rule, after: &Rule) -> bool {
        before.state() != RuleState::Stuck && after.state() == RuleState::Stuck
    }

    /// The notices of an attempt. `before` is the rule before the attempt, `after` the recorded one.
    pub(crate) fn notices(&self, before: &Rule, after: &Rule) -> Vec<Notice> {
        let to =
            |holders: &BTreeSet<_>, event| Notice { rule: after.clone(), holders: holders.clone(), event };
        match &self.outcome {
            // Rows that know an older id, or that were told of a delay, get the present state.
            Outcome::Applied(id) | Outcome::Foreign { id, .. }
                if before.provider_rule_id.as_ref() != Some(id) || before.last_error.is_some() =>
            {
                let applied = RuleEvent::Applied(Some(id.clone()));
                vec![to(&after.holders, applied), to(&after.leaving, RuleEvent::Removed(None))]
            }
            Outcome::Applied(_) | Outcome::Foreign { .. } | Outcome::Gone => standing(after),
            // Rows that leave another owner's rule wait for nothing.
            Outcome::Unseen(_) => vec![to(&after.leaving, RuleEvent::Removed(None))],
            Outcome::Refused(why) if before.need() == Need::Apply => {
                vec![
                    to(&after.holders, RuleEvent::Refused(why.text.clone())),
                    to(&after.leaving, RuleEvent::Removed(None)),
                ]
            }
            Outcome::Refused(why) | Outcome::Delayed(why) | Outcome::LeftAlone(why)
                if before.last_error.as_ref() != Some(&why.text) =>
            {
                let concerned = if before.is_wanted() { &after.holders } else { &after.leaving };
                vec![to(concerned, RuleEvent::Delayed(why.text.clone()))]
            }
            Outcome::Refused(_) | Outcome::Delayed(_) | Outcome::LeftAlone(_) => Vec::new(),
        }
    }
}

/// The finding about a rule that the provider refused to make or to remove.
fn refused(rule: &Rule, why: &str, known: &Finding, now: Timestamp) -> Finding {
    let is_removal = rule.need() == Need::Remove;
    // A rule whose removal failed may vanish by itself. An earlier call may still make a rule that was refused. A description decides
    // before anything relies on it.
    let is_certain = !is_removal && known.unsettled_until.is_none();
    let refused = Finding {
        presence: if is_certain { Presence::Absent } else { Presence::Unknown },
        last_error: Some(why.into()),
        is_refused: is_removal,
        asked_up_to: None,
        due_at: now.plus_seconds(if is_removal { PROBE_SECONDS } else { GRACE_SECONDS }),
        ..known.clone()
    };
    failed_once_more(rule, refused)
}

fn failed_once_more(rule: &Rule, known: Finding) -> Finding {
    let attempts = rule.attempts.saturating_add(1);
    Finding { attempts, failed_generation: Some(rule.generation), ..known }
}

/// The finding about a rule that must still be applied or removed.
fn waiting(rule: &Rule, known: Finding) -> Finding {
    let known = failed_once_more(rule, known);
    match rule.need() {
        Need::Remove => Finding { presence: Presence::Unknown, ..known },
        // A description shows that the other owner's rule is gone. It must not become ours by its id.
        Need::Look => {
            Finding { presence: Presence::Absent, provider_rule_id: None, may_vanish: false, ..known }
        }
        Need::Apply | Need::Tell | Need::Forget | Need::Nothing => known,
    }
}

/// The notices for a rule whose presence is what the ledger wants.
pub(crate) fn standing(rule: &Rule) -> Vec<Notice> {
    let to = |holders: &BTreeSet<_>, event| Notice { rule: rule.clone(), holders: holders.clone(), event };
    match (rule.is_wanted(), rule.presence) {
        (true, Presence::Present | Presence::Foreign) => {
            let applied = RuleEvent::Applied(rule.provider_rule_id.clone());
            vec![to(&rule.fresh, applied), to(&rule.leaving, RuleEvent::Removed(None))]
        }
        (false, Presence::Absent | Presence::Foreign) => vec![to(&rule.leaving, RuleEvent::Removed(None))],
        (true, Presence::Absent | Presence::Unknown) | (false, Presence::Present | Presence::Unknown) => {
            Vec::new()
        }
    }
}
