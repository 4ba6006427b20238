//! Visits of groups: making the cloud match the ledger.

use futures_util::{StreamExt, stream};
use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject, details};
use model::id::{CredentialId, OrgId, ResourceId, RuleId};
use model::ingress::GroupRef;
use model::principal::Actor;
use model::rule::{Need, Rule};
use model::time::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use store::{Finding, GroupLease, Notice, Released, StoreError};

use crate::attempt::Asking;
use crate::outcome::{Attempt, Outcome, standing};
use crate::patience::Patience;
use crate::report::Report;
use crate::visitor::Visitor;

/// Most passes of one visit. If sessions keep joining and leaving, the next wake-up goes on.
const PASSES_MAX: usize = 3;

/// Concurrent writes of rules.
const AT_ONCE: usize = 8;

/// Seconds after which an overdue rule counts as late. A rule is due 45 seconds after its change. Until then the stream wakes a worker.
const LATE_SECONDS: i64 = 5;

/// Seconds for which a group that a run did not reach is postponed when much is due.
const POSTPONED_SECONDS: i64 = 60;

impl Visitor<'_> {
    /// Visits a group. If another worker has it, that worker is asked to read the ledger once more.
    pub(crate) async fn visit(&self, org: &OrgId, group: &GroupRef) -> Result<Report, StoreError> {
        let store = &self.context.store;
        loop {
            if let Some(lease) = store.lease_group(org, group, self.now).await? {
                let mut report = Report { groups: 1, ..Report::default() };
                self.hold(&lease, &mut report, self.visit_leased(&lease)).await?;
                return Ok(report);
            }
            if store.want_group_again(org, group).await? {
                return Ok(Report { groups_busy: 1, ..Report::default() });
            }
        }
    }

    /// Postpones the rules of a group that a run did not reach, so that they do not fill the list of what is due. If that fails, they
    /// stay due.
    pub(crate) async fn postpone(&self, org: &OrgId, group: &GroupRef) {
        let store = &self.context.store;
        let Ok(Some(lease)) = store.lease_group(org, group, self.now).await else { return };
        if let Ok(ledger) = store.rules_of_group(&lease).await {
            let later = self.now.plus_seconds(POSTPONED_SECONDS);
            let due = ledger.rules.iter().filter(|rule| rule.due_at.is_some_and(|due| due <= self.now));
            let intents: Vec<_> = due.map(|rule| (rule.clone(), Finding::of(rule, later))).collect();
            if let Err(error) = store.record_intents(&lease, &intents).await {
                tracing::warn!(%group, ?error, "a group was not postponed");
            }
        }
        if let Err(error) = store.give_up_group(&lease).await {
            tracing::warn!(%group, ?error, "a group was not given back");
        }
    }

    async fn visit_leased(&self, lease: &GroupLease) -> Result<Report, StoreError> {
        let (mut report, patience) = (Report::default(), Patience::of(self.pace.visit));
        loop {
            self.passes(lease, &mut report, &patience).await?;
            if self.context.store.release_group(lease).await? == Released::Done {
                return Ok(report);
            }
        }
    }

    /// Works on a leased group until nothing is due.
    pub(crate) async fn passes(
        &self,
        lease: &GroupLease,
        report: &mut Report,
        patience: &Patience,
    ) -> Result<(), StoreError> {
        for pass in 0..PASSES_MAX {
            let ledger = self.context.store.rules_of_group(lease).await?;
            if pass == 0 {
                report.failed += ledger.unreadable;
                report.late += ledger.rules.iter().filter(|rule| is_late(rule, self.now)).count();
            }
            let todo: Vec<Rule> = ledger.rules.into_iter().filter(|rule| is_due(rule, self.now)).collect();
            if todo.is_empty() || !self.pass(lease, &todo, report, patience).await {
                break;
            }
        }
        Ok(())
    }

    /// Does what is due, and returns whether another pass makes sense. It tries everything even if some of it fails.
    async fn pass(
        &self,
        lease: &GroupLease,
        todo: &[Rule],
        report: &mut Report,
        patience: &Patience,
    ) -> bool {
        let mut notices: Vec<Notice> = Vec::new();
        for rule in todo.iter().filter(|rule| rule.need() == Need::Tell) {
            notices.extend(standing(rule));
        }
        let mut by_access: BTreeMap<(CredentialId, ResourceId), Vec<Rule>> = BTreeMap::new();
        let is_asked = |rule: &&Rule| matches!(rule.need(), Need::Apply | Need::Remove | Need::Look);
        for rule in todo.iter().filter(is_asked) {
            by_access.entry((rule.credential_id, rule.resource_id)).or_default().push(rule.clone());
        }
        let mut goes_on = true;
        for (with, rules) in by_access {
            let asking = Asking { visitor: self, lease, with, patience, is_other: false };
            let mut asked = Report::default();
            let outcome = asking.ask(rules, &mut asked).await;
            report.add(&asked);
            match outcome {
                Ok(attempts) => {
                    let attempts = self.ask_others((lease, patience), attempts, report).await;
                    notices.extend(self.record_all(lease, &attempts, report).await);
                }
                Err(error) => {
                    self.failed(lease, &error, "rules were not worked on", report);
                    goes_on = false;
                }
            }
        }
        goes_on &= report.groups_postponed == 0 && !patience.is_over();
        if let Err(error) = self.context.store.notify_rows(&lease.org, &notices, self.seen_at()).await {
            self.failed(lease, &error, "rows were not told how their rules stand", report);
            goes_on = false;
        }
        if let Err(error) = self.tidy(lease, report).await {
            self.failed(lease, &error, "settled rules stay on the list", report);
            goes_on = false;
        }
        goes_on
    }

    async fn record_all(
        &self,
        lease: &GroupLease,
        attempts: &[(Rule, Attempt)],
        report: &mut Report,
    ) -> Vec<Notice> {
        let records = attempts.iter().map(|(rule, attempt)| self.record(lease, rule, attempt));
        let records = stream::iter(records.collect::<Vec<_>>()).buffered(AT_ONCE).collect::<Vec<_>>().await;
        let mut notices = Vec::new();
        for record in records {
            match record {
                Ok((counted, told)) => {
                    report.add(&counted);
                    notices.extend(told);
                }
                Err(error) => self.failed(lease, &error, "the outcome of a call was not recorded", report),
            }
        }
        notices
    }

    /// Records an outcome, and returns the notices for its rows.
    async fn record(
        &self,
        lease: &GroupLease,
        before: &Rule,
        attempt: &Attempt,
    ) -> Result<(Report, Vec<Notice>), StoreError> {
        let finding = attempt.finding(before, self.now, self.looks_again_after);
        let mut report = Report::default();
        let store = &self.context.store;
        let Some(after) = store.record_finding(&lease.org, before, &finding).await? else {
            return Ok((report, Vec::new()));
        };
        match &attempt.outcome {
            // The other owner's rule still exists: nothing has changed.
            Outcome::Foreign { .. } if before.need() == Need::Look => {}
            Outcome::Applied(_) | Outcome::Foreign { .. } => report.applied += 1,
            Outcome::Gone => report.removed += 1,
            Outcome::Refused(_) if before.need() == Need::Apply => report.refused += 1,
            Outcome::Refused(_) | Outcome::Delayed(_) | Outcome::LeftAlone(_) | Outcome::Unseen(_) => {
                report.delayed += 1;
            }
        }
        if Attempt::is_newly_stuck(before, &after) {
            report.stuck += 1;
            store
                .record_denial(&Actor::system(lease.org.clone()), &stuck_entry(&after), self.seen_at())
                .await?;
            say_stuck(&after);
        }
        Ok((report, attempt.notices(before, &after)))
    }

    /// Takes rules that need nothing off the due list. Deletes the entries of removed ones.
    async fn tidy(&self, lease: &GroupLease, report: &mut Report) -> Result<(), StoreError> {
        let ledger = self.context.store.rules_of_group(lease).await?;
        let settled: Vec<_> = ledger.rules.iter().map(|rule| self.settle(lease, rule)).collect();
        for outcome in stream::iter(settled).buffered(AT_ONCE).collect::<Vec<_>>().await {
            if let Err(error) = outcome {
                self.failed(lease, &error, "a settled rule stays on the list", report);
            }
        }
        Ok(())
    }

    async fn settle(&self, lease: &GroupLease, rule: &Rule) -> Result<(), StoreError> {
        let store = &self.context.store;
        match rule.need() {
            Need::Forget => store.forget_rule(&lease.org, rule).await.map(drop),
            Need::Nothing if rule.due_at.is_some() => store.settle_rule(&lease.org, rule).await.map(drop),
            Need::Apply | Need::Remove | Need::Look | Need::Tell | Need::Nothing => Ok(()),
        }
    }
}

/// Whether there is something to do for a rule now.
fn is_due(rule: &Rule, now: Timestamp) -> bool {
    match rule.need() {
        Need::Apply | Need::Remove => rule.may_be_tried(now),
        Need::Look => rule.may_be_looked_at(now),
        Need::Tell | Need::Forget => true,
        Need::Nothing => rule.due_at.is_some(),
    }
}

/// Whether no worker has tried a rule since sessions joined or left it, although it is overdue.
fn is_late(rule: &Rule, now: Timestamp) -> bool {
    let is_untried = rule.attempts == 0 && matches!(rule.need(), Need::Apply | Need::Remove);
    is_untried && rule.due_at.is_some_and(|due| due.plus_seconds(LATE_SECONDS) <= now)
}

/// The audit entry for an event of a rule.
pub(crate) fn rule_entry(
    event: AuditEvent,
    id: &RuleId,
    result: AuditResult,
    described: serde_json::Value,
) -> AuditEntry {
    AuditEntry {
        event,
        subject: AuditSubject::Rule,
        subject_id: id.to_string(),
        subject_name: None,
        result,
        details: details(described),
    }
}

fn stuck_entry(rule: &Rule) -> AuditEntry {
    let described = json!({
        "region": rule.group.region, "groupId": rule.group.group_id, "cidr": rule.ingress.cidr(),
        "providerRuleId": rule.provider_rule_id, "attempts": rule.attempts, "lastError": rule.last_error,
    });
    rule_entry(AuditEvent::RuleStuck, &rule.id, AuditResult::Failure, described)
}

/// Logs a stuck rule. An alarm in `template.yaml` matches these words. The reason is in `GET /rules` and not in the log, because it is
/// the provider's text.
pub(crate) fn say_stuck(rule: &Rule) {
    tracing::error!(rule = %rule.id, group = %rule.group, "a rule is stuck");
}
