//! The cloud is asked for some rules of a leased group that were made with one credential.

use firewall::{AccountId, CloudAccess, FirewallError, Purpose};
use futures_util::future::BoxFuture;
use model::id::{CredentialId, ResourceId, RuleId, SessionId};
use model::rule::{Holder, Need, Presence, Rule};
use model::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use store::{Finding, FormerValue, GroupLease, StoreError};

use crate::access::{Candidates, access_of_former, candidates};
use crate::circuit::{Ending, Place};
use crate::cloud::{Plan, Visit};
use crate::outcome::{Attempt, Outcome, Why};
use crate::patience::Patience;
use crate::report::Report;
use crate::visitor::Visitor;

/// Seconds after which the sweeper sees to a rule whose worker has gone.
const GRACE_SECONDS: i64 = 60;

/// Seconds after the beginning of a run after which each of its calls has taken effect and is visible, or never will: 55 until the
/// function ends, half a minute for a call, which is given up after 7 seconds, and a minute by which the clocks of two machines may
/// differ.
const SETTLE_SECONDS: i64 = 145;

/// A credential with the resource for which it was used, and the group that it is used on.
pub(crate) struct Asking<'a> {
    pub(crate) visitor: &'a Visitor<'a>,
    pub(crate) lease: &'a GroupLease,
    pub(crate) with: (CredentialId, ResourceId),
    pub(crate) patience: &'a Patience,
    /// Whether it is another credential than that of the rules.
    pub(crate) is_other: bool,
}

pub(crate) type Attempts = Vec<(Rule, Attempt)>;

impl Asking<'_> {
    /// Asks for some rules, each with the value of the credential that reaches its account.
    pub(crate) fn ask<'a>(
        &'a self,
        rules: Vec<Rule>,
        report: &'a mut Report,
    ) -> BoxFuture<'a, Result<Attempts, StoreError>> {
        Box::pin(self.ask_account(rules, report))
    }

    async fn ask_account(&self, rules: Vec<Rule>, report: &mut Report) -> Result<Attempts, StoreError> {
        let (context, (credential, resource)) = (self.visitor.context, self.with);
        let place = Place::Credential(self.lease.org.clone(), credential, self.region());
        let Some(trial) = self.visitor.circuit.admit(place, self.visitor.now) else {
            return Ok(left_alone(rules, report));
        };
        let candidates =
            candidates(&context.store, &context.vault, &self.lease.org, self.with, purpose(&rules)).await?;
        report.failed += usize::from(candidates.is_defect);
        if !self.is_other {
            context.store.remember_access(self.lease, credential, resource).await?;
        }
        trial.begin();
        let account = match &candidates.present {
            Ok(present) => Some(self.account(&present.access).await),
            Err(_) => None,
        };
        // An error counts once, with the calls that follow.
        trial.end(match &account {
            Some(Err(_)) if self.patience.is_over() => Ending::Overloaded,
            Some(Err(_)) => Ending::Untried,
            Some(Ok(_)) | None => Ending::Answered,
        });
        drop(trial);
        let present = account.as_ref().and_then(|account| account.as_ref().ok()).copied();
        let (former, rules) = self.former_values(&candidates, present, rules).await;
        let mut attempts = Vec::new();
        for (access, account, rules) in former {
            attempts.extend(self.ask_with((&access, Ok(account), false), rules, report).await?);
        }
        match (&candidates.present, account) {
            (Ok(present), Some(account)) if !rules.is_empty() => {
                let who = (&present.access, account, present.is_substitute || self.is_other);
                attempts.extend(self.ask_with(who, rules, report).await?);
            }
            (Ok(_), _) => {}
            (Err(why), _) => attempts.extend(rules.into_iter().map(|rule| without_access(rule, why))),
        }
        Ok(attempts)
    }

    /// The rules to remove whose account only a former value of the credential reaches, and the other rules. Where the present
    /// value is of no use, the newest former value takes care of the rules whose account was never recorded.
    async fn former_values(
        &self,
        candidates: &Candidates,
        account: Option<AccountId>,
        rules: Vec<Rule>,
    ) -> (Vec<(CloudAccess, AccountId, Vec<Rule>)>, Vec<Rule>) {
        let has_present = candidates.present.is_ok();
        let is_bound = |rule: &Rule| match rule.account {
            _ if rule.need() != Need::Remove => false,
            Some(_) => rule.account != account,
            None => !has_present,
        };
        let (mut bound, mut left): (Vec<_>, Vec<_>) = rules.into_iter().partition(is_bound);
        let mut found = Vec::new();
        for former in &candidates.former {
            if bound.is_empty() {
                break;
            }
            let Some((access, account)) = self.open_former(former, purpose(&bound)).await else { continue };
            let is_own = |rule: &Rule| rule.account.is_none_or(|of| of == account);
            let (own, others): (Vec<_>, Vec<_>) = bound.into_iter().partition(is_own);
            bound = others;
            if !own.is_empty() {
                found.push((access, account, own));
            }
        }
        left.extend(bound);
        (found, left)
    }

    /// A former value, and the account that it reaches. One that cannot be opened or reaches none is passed over: the rule stays.
    async fn open_former(&self, former: &FormerValue, purpose: Purpose) -> Option<(CloudAccess, AccountId)> {
        let (context, org) = (self.visitor.context, &self.lease.org);
        let access = match access_of_former(&context.vault, org, self.with.0, former).await {
            Ok(access) => access.on_behalf_of(org, &purpose),
            Err(error) => {
                tracing::warn!(credential = %self.with.0, %error, "a former value cannot be used");
                return None;
            }
        };
        let account = self.account(&access).await.ok()?;
        Some((access, account))
    }

    async fn account(&self, access: &CloudAccess) -> Result<AccountId, FirewallError> {
        let firewall = &self.visitor.context.firewall;
        self.patience.wait_for(firewall.account(access, &self.lease.group.region)).await
    }

    fn region(&self) -> String {
        self.lease.group.region.clone()
    }

    async fn ask_with(
        &self,
        (access, account, is_substitute): (&CloudAccess, Result<AccountId, FirewallError>, bool),
        rules: Vec<Rule>,
        report: &mut Report,
    ) -> Result<Attempts, StoreError> {
        let (visitor, now) = (self.visitor, self.visitor.now);
        let place = match &account {
            Ok(account) => Place::Account(*account, self.region()),
            Err(_) => Place::Credential(self.lease.org.clone(), self.with.0, self.region()),
        };
        let Some(trial) = visitor.circuit.admit(place, now) else {
            return Ok(left_alone(rules, report));
        };
        let ending = Mutex::new(account.as_ref().err().map_or(Ending::Untried, Ending::of));
        let mark = visitor.mark(&self.lease.org).await?;
        let visit = Visit {
            firewall: visitor.context.firewall.as_ref(),
            access,
            account: account.as_ref().ok().copied(),
            mark: &mark,
            group: &self.lease.group,
            is_substitute,
            now,
            patience: self.patience,
            ending: &ending,
        };
        let attempts = match account {
            Err(error) if needs_account(&error) => Ok(unseen(&visit, rules, &error)),
            _ => {
                trial.begin();
                self.visit(&visit, rules).await
            }
        };
        let ended = *ending.lock().unwrap_or_else(PoisonError::into_inner);
        report.groups_timed_out = usize::from(self.patience.is_over());
        let is_throttled = ended == Ending::Overloaded && !self.patience.is_over();
        report.groups_throttled = report.groups_throttled.max(usize::from(is_throttled));
        trial.end(ended);
        attempts
    }

    /// The visit, with the rules as they were recorded on the way.
    async fn visit(&self, visit: &Visit<'_>, rules: Vec<Rule>) -> Result<Attempts, StoreError> {
        let mut plan = visit.look(&rules).await;
        if let Some(why) = visit.makes_nothing() {
            for rule in plan.make.drain(..) {
                plan.outcomes.insert(rule.id, Outcome::Delayed(why.into()));
            }
        }
        self.leave_out_what_is_over(&mut plan).await?;
        let recorded = self.record_intents(&mut plan, visit.account).await?;
        let removed = visit.remove(&plan.remove).await;
        let made = visit.make(&plan.make).await;
        let mut outcomes = std::mem::take(&mut plan.outcomes);
        if !removed.is_empty() || !made.is_empty() {
            outcomes.extend(visit.look_again(&plan.make, &plan.remove, (&made, &removed)).await);
        }
        let attempt = |rule: Rule| {
            let outcome = outcomes.get(&rule.id)?.clone();
            let unsettled_until = match recorded.get(&rule.id) {
                Some(intended) => settled(&rule, intended, made.get(&rule.id), &outcome),
                None => rule.unsettled_until,
            };
            let rule = recorded.get(&rule.id).cloned().unwrap_or(rule);
            let account = visit.account;
            Some((rule, Attempt { outcome, account, unsettled_until, asked_up_to: None }))
        };
        Ok(rules.into_iter().filter_map(attempt).collect())
    }

    /// A rule is not made for sessions that are over: what wakes a worker may come late. Those that nobody has ended are ended.
    async fn leave_out_what_is_over(&self, plan: &mut Plan) -> Result<(), StoreError> {
        let (store, org, now) = (&self.visitor.context.store, &self.lease.org, self.visitor.now);
        let holders = plan.make.iter().flat_map(|rule| &rule.holders);
        let sessions: BTreeSet<SessionId> = holders.map(|holder| holder.session).collect();
        if sessions.is_empty() {
            return Ok(());
        }
        let running = store.running_sessions(org, &sessions, now).await?;
        for over in sessions.difference(&running) {
            if let Err(error) = store.process_due_session(org, *over, now).await {
                tracing::error!(session = %over, ?error, "a session that is over was not ended");
            }
        }
        let is_wanted = |holder: &Holder| running.contains(&holder.session);
        for rule in plan.make.extract_if(.., |rule| !rule.holders.iter().any(is_wanted)) {
            plan.remove.retain(|removal| removal.rule.id != rule.id);
        }
        Ok(())
    }

    /// The intents stand in the ledger before the cloud is asked. A rule that changed meanwhile is left to the next pass, and
    /// everything is when another worker has the group.
    async fn record_intents(
        &self,
        plan: &mut Plan,
        account: Option<AccountId>,
    ) -> Result<BTreeMap<RuleId, Rule>, StoreError> {
        let now = self.visitor.now;
        let soon = now.plus_seconds(GRACE_SECONDS);
        let mut intents: BTreeMap<_, (Rule, Finding)> = BTreeMap::new();
        for removal in &plan.remove {
            let rule = &removal.rule;
            let id = rule.provider_rule_id.clone().filter(|id| removal.ids.contains(id));
            let intent = Finding {
                presence: Presence::Unknown,
                provider_rule_id: id.or_else(|| removal.ids.first().cloned()),
                is_removal_sent: true,
                ..Finding::of(rule, soon)
            };
            intents.insert(rule.id, (rule.clone(), intent));
        }
        for rule in &plan.make {
            let before =
                intents.remove(&rule.id).map_or_else(|| Finding::of(rule, soon), |(_, intent)| intent);
            let until = now.plus_seconds(SETTLE_SECONDS);
            let intent = Finding {
                presence: Presence::Unknown,
                account,
                may_vanish: false,
                // What makes a rule can remove it.
                access: self.with,
                unsettled_until: Some(rule.unsettled_until.map_or(until, |before| before.max(until))),
                ..before
            };
            intents.insert(rule.id, (rule.clone(), intent));
        }
        self.write_intents(plan, intents.into_values().collect()).await
    }

    /// Leaves out of the plan what could not be recorded.
    async fn write_intents(
        &self,
        plan: &mut Plan,
        intents: Vec<(Rule, Finding)>,
    ) -> Result<BTreeMap<RuleId, Rule>, StoreError> {
        let recorded = self.visitor.context.store.record_intents(self.lease, &intents).await?;
        if recorded.is_none() {
            tracing::warn!(group = %self.lease.group, "another worker has leased the group meanwhile");
        }
        let recorded: BTreeMap<_, Rule> =
            recorded.unwrap_or_default().into_iter().map(|rule| (rule.id, rule)).collect();
        plan.make = plan.make.iter().filter_map(|rule| recorded.get(&rule.id).cloned()).collect();
        plan.remove.retain_mut(|removal| {
            recorded.get(&removal.rule.id).cloned().map(|rule| removal.rule = rule).is_some()
        });
        Ok(recorded)
    }
}

/// For which session a call is, so that the target account's own log can say so.
fn purpose(rules: &[Rule]) -> Purpose {
    let holders = rules.iter().flat_map(|rule| rule.holders.iter().chain(&rule.leaving));
    let mut sessions = holders.map(|holder| holder.session);
    match sessions.next() {
        Some(first) if sessions.all(|session| session == first) => Purpose::Session(first),
        Some(_) | None => Purpose::Shared,
    }
}

/// Whether a rule can be worked on only when the account is known: nobody who cannot say who they are is answered.
fn needs_account(error: &FirewallError) -> bool {
    matches!(error, FirewallError::Denied(_) | FirewallError::Throttled)
}

/// Until when a call may still take effect, after this attempt. An answer says that its own call will not, where the look agrees with
/// it; an earlier call without an answer still may.
fn settled(
    before: &Rule,
    intended: &Rule,
    answer: Option<&Result<(), FirewallError>>,
    outcome: &Outcome,
) -> Option<Timestamp> {
    let is_seen = matches!(outcome, Outcome::Applied(_) | Outcome::Foreign { .. });
    match answer {
        None => before.unsettled_until,
        Some(Ok(())) if is_seen => before.unsettled_until,
        // The rule is there, whatever a look may show.
        Some(Err(FirewallError::Duplicate)) if !is_seen => intended.unsettled_until,
        Some(Err(error)) if error.is_refusal() => before.unsettled_until,
        Some(Ok(()) | Err(_)) => intended.unsettled_until,
    }
}

/// What it means for rules that nobody says whose the credential is.
fn unseen(visit: &Visit<'_>, rules: Vec<Rule>, error: &FirewallError) -> Attempts {
    let attempt = |rule: Rule| {
        let outcome = visit.unseen(&rule, error);
        without_calls(rule, outcome)
    };
    rules.into_iter().map(attempt).collect()
}

/// What it means for rules that their account is left alone: a failed attempt, so that they do not stay first on the list, and people
/// see why they wait.
fn left_alone(rules: Vec<Rule>, report: &mut Report) -> Attempts {
    report.groups_postponed = 1;
    let attempt = |rule: Rule| {
        let why = "The account takes no calls or gives no answer, and is left alone for a minute".into();
        let is_look = rule.need() == Need::Look;
        without_calls(rule, if is_look { Outcome::Unseen(why) } else { Outcome::LeftAlone(why) })
    };
    rules.into_iter().map(attempt).collect()
}

/// What it means that there is no credential to ask with.
fn without_access(rule: Rule, why: &str) -> (Rule, Attempt) {
    let why = Why::of_credential(why);
    let outcome = match (rule.need(), rule.presence) {
        (Need::Look, _) => Outcome::Unseen(why),
        (Need::Remove, _) | (_, Presence::Absent) => Outcome::Refused(why),
        _ => Outcome::Delayed(why),
    };
    without_calls(rule, outcome)
}

fn without_calls(rule: Rule, outcome: Outcome) -> (Rule, Attempt) {
    let attempt = Attempt::without_calls(&rule, outcome);
    (rule, attempt)
}
