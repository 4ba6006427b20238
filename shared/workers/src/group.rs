//! A group is looked after: from what the ledger says to what the cloud has.

use futures_util::{StreamExt, TryStreamExt, stream};
use model::audit::{AuditEntry, AuditEvent, AuditResult, AuditSubject};
use model::id::{CredentialId, OrgId, ResourceId, RuleId};
use model::ingress::GroupRef;
use model::principal::Actor;
use model::rule::{Need, Presence, Rule};
use model::time::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use store::{Finding, Lease, Message, StoreError};

use crate::access::{AccessError, access_of_either};
use crate::cloud::{Outcomes, Visit};
use crate::outcome::{Outcome, standing};
use crate::{Report, Tools};

/// Passes over a group before it is left to the next wake-up, when sessions keep joining and leaving.
const PASSES_MAX: usize = 3;

/// Entries of the ledger that are written at once.
const AT_ONCE: usize = 8;

/// Seconds after which the sweeper sees to a rule whose worker has gone.
const GRACE_SECONDS: i64 = 60;

impl Tools {
    /// Looks after a group, unless another worker does.
    pub(crate) async fn look_after_group(
        &self,
        org: &OrgId,
        group: &GroupRef,
        now: Timestamp,
    ) -> Result<Report, StoreError> {
        let Some(lease) = self.store.lease_group(org, group, now).await? else {
            return Ok(Report { groups_busy: 1, ..Report::default() });
        };
        let report = self.passes(&lease, now).await;
        self.store.release_group(&lease).await?;
        report
    }

    /// Looks after a leased group until there is nothing to do at this moment.
    pub(crate) async fn passes(&self, lease: &Lease, now: Timestamp) -> Result<Report, StoreError> {
        let mut report = Report { groups: 1, ..Report::default() };
        for _ in 0..PASSES_MAX {
            let (_, rules) = self.store.rules_of_group(lease).await?;
            let todo: Vec<Rule> = rules.into_iter().filter(|rule| is_due(rule, now)).collect();
            if todo.is_empty() {
                break;
            }
            self.pass(lease, &todo, now, &mut report).await?;
            if report.failed > 0 {
                break;
            }
        }
        Ok(report)
    }

    async fn pass(
        &self,
        lease: &Lease,
        todo: &[Rule],
        now: Timestamp,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let mut messages: Vec<Message> = Vec::new();
        for rule in todo.iter().filter(|rule| rule.need() == Need::Tell) {
            messages.extend(standing(rule));
        }
        let mut by_access: BTreeMap<(CredentialId, ResourceId), Vec<Rule>> = BTreeMap::new();
        for rule in todo.iter().filter(|rule| matches!(rule.need(), Need::Apply | Need::Remove)) {
            by_access.entry((rule.credential_id, rule.resource_id)).or_default().push(rule.clone());
        }
        for ((credential, resource), rules) in by_access {
            // A credential that cannot be read must not keep the others' rules waiting. Its own stay due.
            let outcomes = match self.ask(lease, (credential, resource), rules, now, report).await {
                Ok(outcomes) => outcomes,
                Err(error) => {
                    tracing::error!(group = %lease.group, %credential, ?error, "rules were not looked after");
                    report.failed += 1;
                    continue;
                }
            };
            let mut records = Vec::new();
            for (rule, outcome) in &outcomes {
                records.push(self.record(lease, rule, outcome, now));
            }
            let records = stream::iter(records).buffered(AT_ONCE).try_collect::<Vec<_>>().await?;
            for (counted, told) in records {
                report.add(&counted);
                messages.extend(told);
            }
        }
        self.store.tell(&lease.org, &messages, now).await?;
        self.tidy(lease).await
    }

    /// Asks the cloud for some rules with one credential.
    async fn ask(
        &self,
        lease: &Lease,
        (credential, resource): (CredentialId, ResourceId),
        rules: Vec<Rule>,
        now: Timestamp,
        report: &mut Report,
    ) -> Result<Vec<(Rule, Outcome)>, StoreError> {
        let access = access_of_either(&self.store, &self.vault, &lease.org, credential, resource).await;
        let (access, is_substitute) = match access {
            Ok(access) => access,
            Err(AccessError::Store(error)) => return Err(error),
            Err(error) => {
                let why = error.to_string();
                return Ok(rules.into_iter().map(|rule| without_access(rule, &why)).collect());
            }
        };
        self.store.remember_access(lease, credential, resource).await?;
        let is_throttled = AtomicBool::new(false);
        let visit = Visit {
            firewall: self.firewall.as_ref(),
            access: &access,
            org: &lease.org,
            group: &lease.group,
            is_substitute,
            is_throttled: &is_throttled,
        };
        let (rules, outcomes) = self.visit(lease, &visit, rules, now).await?;
        if is_throttled.into_inner() {
            report.groups_throttled = 1;
        }
        let with_outcome = |rule: Rule| outcomes.get(&rule.id).cloned().map(|outcome| (rule, outcome));
        Ok(rules.into_iter().filter_map(with_outcome).collect())
    }

    /// The visit, and the rules as they were recorded on the way.
    async fn visit(
        &self,
        lease: &Lease,
        visit: &Visit<'_>,
        mut rules: Vec<Rule>,
        now: Timestamp,
    ) -> Result<(Vec<Rule>, Outcomes), StoreError> {
        let plan = visit.look(&rules).await;
        let mut make = Vec::new();
        let mut intents = Vec::new();
        for rule in &plan.make {
            intents.push(self.intend(lease, rule, now));
        }
        let intended = stream::iter(intents).buffered(AT_ONCE).try_collect::<Vec<_>>().await?;
        rules.retain(|known| plan.make.iter().all(|rule| rule.id != known.id));
        for recorded in intended.into_iter().flatten() {
            // Whoever left meanwhile is not asked for.
            if recorded.is_wanted() {
                make.push(recorded.clone());
            }
            rules.push(recorded);
        }
        let mut answers = visit.make(&make).await;
        answers.extend(visit.remove(&plan.remove).await);
        let mut outcomes = plan.outcomes;
        if !answers.is_empty() {
            outcomes.extend(visit.look_again(&make, &plan.remove, &answers).await);
        }
        Ok((rules, outcomes))
    }

    /// The intent stands in the ledger before the cloud is asked.
    async fn intend(&self, lease: &Lease, rule: &Rule, now: Timestamp) -> Result<Option<Rule>, StoreError> {
        let soon = now.plus_seconds(GRACE_SECONDS);
        let intent = Finding { presence: Presence::Unknown, ..Finding::of(rule, soon) };
        self.store.record_finding(&lease.org, rule, &intent).await
    }

    /// Records an outcome, and says what rows are to be told.
    async fn record(
        &self,
        lease: &Lease,
        before: &Rule,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<(Report, Vec<Message>), StoreError> {
        let (finding, mut report) = (outcome.finding(before, now), Report::default());
        let Some(after) = self.store.record_finding(&lease.org, before, &finding).await? else {
            return Ok((report, Vec::new()));
        };
        match outcome {
            Outcome::Applied(_) | Outcome::Foreign(_) => report.applied += 1,
            Outcome::Gone => report.removed += 1,
            Outcome::Refused(_) if before.need() == Need::Apply => report.refused += 1,
            Outcome::Refused(_) | Outcome::Delayed(_) => report.delayed += 1,
        }
        if Outcome::is_newly_stuck(before, &after) {
            report.stuck += 1;
            self.store.record_attempt(&Actor::system(lease.org.clone()), &stuck_entry(&after), now).await?;
            say_stuck(&after);
        }
        Ok((report, outcome.messages(before, &after)))
    }

    /// Takes off the list what is settled, and removes what is gone.
    async fn tidy(&self, lease: &Lease) -> Result<(), StoreError> {
        let (_, rules) = self.store.rules_of_group(lease).await?;
        let mut settled = Vec::new();
        for rule in &rules {
            settled.push(self.settle(lease, rule));
        }
        stream::iter(settled).buffered(AT_ONCE).try_collect::<Vec<()>>().await.map(drop)
    }

    async fn settle(&self, lease: &Lease, rule: &Rule) -> Result<(), StoreError> {
        match rule.need() {
            Need::Forget => self.store.forget_rule(&lease.org, rule).await.map(drop),
            Need::Nothing if rule.due_at.is_some() => {
                self.store.settle_rule(&lease.org, rule).await.map(drop)
            }
            Need::Apply | Need::Remove | Need::Tell | Need::Nothing => Ok(()),
        }
    }
}

/// Whether there is something to do for a rule at this moment.
fn is_due(rule: &Rule, now: Timestamp) -> bool {
    match rule.need() {
        Need::Apply | Need::Remove => rule.may_be_tried(now),
        Need::Tell | Need::Forget => true,
        Need::Nothing => rule.due_at.is_some(),
    }
}

/// What it means that there is no credential to ask with.
fn without_access(rule: Rule, why: &str) -> (Rule, Outcome) {
    let certain = rule.need() == Need::Remove || rule.presence == Presence::Absent;
    let outcome = if certain { Outcome::Refused(why.into()) } else { Outcome::Delayed(why.into()) };
    (rule, outcome)
}

/// The line of the record about something that happened to a rule.
pub(crate) fn rule_entry(
    event: AuditEvent,
    id: &RuleId,
    result: AuditResult,
    details: &serde_json::Value,
) -> AuditEntry {
    AuditEntry {
        event,
        subject: AuditSubject::Rule,
        subject_id: id.to_string(),
        subject_name: None,
        result,
        details: details.as_object().cloned().unwrap_or_default(),
    }
}

fn stuck_entry(rule: &Rule) -> AuditEntry {
    let details = json!({
        "region": rule.group.region, "groupId": rule.group.group_id, "cidr": rule.ingress.cidr(),
        "providerRuleId": rule.provider_rule_id, "attempts": rule.attempts, "lastError": rule.last_error,
    });
    rule_entry(AuditEvent::RuleStuck, &rule.id, AuditResult::Failure, &details)
}

/// The line that the alarm on stuck rules waits for: `template.yaml` names its words. `GET /rules` has the reason, in the
/// provider's words, which are not for the log.
pub(crate) fn say_stuck(rule: &Rule) {
    tracing::error!(rule = %rule.id, group = %rule.group, "a rule is stuck");
}
